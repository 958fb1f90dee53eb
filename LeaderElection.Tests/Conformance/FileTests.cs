using LeaderElection.FileSystem;

namespace LeaderElection.Tests.Conformance;

/// <summary>What the tests of files share: a folder, and backends that stand for processes.</summary>
public abstract class FileTests : IAsyncLifetime
{
    /// <summary>A lease that no test sees the end of, however long the machine stands still.</summary>
    protected static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly List<IElectionBackend> _backends = [];
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);

    private protected FileStore Store { get; } = new();

    protected CancellationToken Late => _late.Token;

    /// <summary>The lease file of election <c>e</c>.</summary>
    protected string LeasePath => Path.Combine(Store.Folder, "e.lease");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var backend in _backends)
            await backend.DisposeAsync();
        await Store.DisposeAsync();
        _late.Dispose();
    }

    /// <param name="folder">Where the folder is seen, if not at its own place.</param>
    /// <param name="lease">Where it matters that one runs out.</param>
    protected IElectionBackend Backend(string? folder = null, TimeSpan? lease = null)
    {
        var backend = new FileElectionBackend(
            new FileElectionOptions { Directory = folder ?? Store.Folder, LeaseDuration = lease ?? Long }, Store.Log.For<FileElectionBackend>());
        _backends.Add(backend);
        return backend;
    }
}
