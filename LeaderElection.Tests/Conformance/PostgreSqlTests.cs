using LeaderElection.Leases;
using LeaderElection.PostgreSql;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>What the tests of PostgreSQL share: a server, and backends that stand for processes.</summary>
public abstract class PostgreSqlTests : IAsyncLifetime
{
    /// <summary>A lease that no test sees the end of.</summary>
    protected static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly List<IElectionBackend> _backends = [];
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);

    private protected PostgreSqlStore Store { get; private set; } = null!;

    protected CancellationToken Late => _late.Token;

    public async Task InitializeAsync() => Store = await PostgreSqlStore.StartNewAsync();

    public async Task DisposeAsync()
    {
        foreach (var backend in _backends)
            await backend.DisposeAsync();
        await Store.DisposeAsync();
        _late.Dispose();
    }

    protected PostgreSqlElectionBackend Backend(TimeSpan? lease = null, Func<CancellationToken, ValueTask>? beforeRequest = null)
    {
        var backend = (PostgreSqlElectionBackend)Store.CreateBackend(beforeRequest, lease);
        _backends.Add(backend);
        return backend;
    }

    protected PostgreSqlElectionBackend Backend(Action<PostgreSqlElectionOptions> configure)
    {
        var options = new PostgreSqlElectionOptions { LeaseDuration = Store.Lease };
        configure(options);
        var backend = new PostgreSqlElectionBackend(options, Store.Log.For<PostgreSqlElectionBackend>());
        _backends.Add(backend);
        return backend;
    }

    protected async Task<Task<Leadership>> FollowAsync(PostgreSqlElectionBackend backend, string election = "e")
    {
        var campaign = backend.CreateElection(election, "b").CampaignAsync(Late).AsTask();
        await Eventually.TrueAsync(() => ((StoreBackend)backend).FollowerCount == 1, "the follower to wait");
        return campaign;
    }

    protected Task LoggedAsync(string text) =>
        Eventually.TrueAsync(() => Store.Log.Lines.Any(l => l.Contains(text, StringComparison.Ordinal)), $"a line with '{text}'");
}
