namespace LeaderElection.Tests.Conformance;

/// <summary>What the tests of files share: a folder, and backends that stand for processes.</summary>
public abstract class FileTests : IAsyncDisposable
{
    private readonly List<IElectionBackend> _backends = [];
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);

    private protected FileStore Store { get; } = new();

    protected CancellationToken Late => _late.Token;

    /// <summary>The lease file of election <c>e</c>.</summary>
    protected string LeasePath => Path.Combine(Store.Folder, "e.lease");

    public async ValueTask DisposeAsync()
    {
        foreach (var backend in _backends)
            await backend.DisposeAsync();
        await Store.DisposeAsync();
        _late.Dispose();
        GC.SuppressFinalize(this);
    }

    protected IElectionBackend Backend()
    {
        var backend = Store.CreateBackend();
        _backends.Add(backend);
        return backend;
    }
}
