using LeaderElection.Etcd;
using LeaderElection.Leases;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>What the tests of etcd share: a server, and backends that stand for processes.</summary>
public abstract class EtcdTests : IAsyncLifetime
{
    protected static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    private readonly List<IElectionBackend> _backends = [];
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);

    private protected EtcdStore Store { get; private set; } = null!;

    protected CancellationToken Late => _late.Token;

    public async Task InitializeAsync() => Store = await EtcdStore.StartNewAsync();

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_backends.Select(b => b.DisposeAsync().AsTask()));
        await Store.DisposeAsync();
        _late.Dispose();
    }

    /// <summary>A backend for the test's server, or for another connection string.</summary>
    protected EtcdElectionBackend Backend(TimeSpan? lease = null, string? connectionString = null, Action<EtcdElectionOptions>? configure = null)
    {
        var options = new EtcdElectionOptions
        {
            ConnectionString = connectionString ?? Store.Server.Endpoint,
            LeaseDuration = lease ?? Store.Lease,
            StartsAnywhere = false,
        };
        configure?.Invoke(options);
        var backend = new EtcdElectionBackend(options, Store.Log.For<EtcdElectionBackend>());
        _backends.Add(backend);
        return backend;
    }

    /// <summary>Starts a campaign against a leader, and returns when the candidate waits for that to end.</summary>
    protected async Task<(Task<Leadership> Campaign, EtcdElectionBackend Backend)> FollowAsync(
        string candidate, TimeSpan? lease = null, string? connectionString = null, CancellationToken? stop = null)
    {
        var backend = Backend(lease, connectionString);
        var campaign = backend.CreateElection("e", candidate).CampaignAsync(stop ?? Late).AsTask();
        await Eventually.TrueAsync(() => ((StoreBackend)backend).FollowerCount == 1 || campaign.IsCompleted, "the follower to wait");
        return (campaign, backend);
    }

    protected static Task FollowsAsync(EtcdElectionBackend backend) =>
        Eventually.TrueAsync(() => ((StoreBackend)backend).FollowerCount == 1, "the follower to wait");

    /// <summary>The keys of the election in the order of the queue.</summary>
    protected async Task<string[]> KeysAsync() =>
        (await Store.Server.CtlAsync("get", "--prefix", "e/", "--sort-by", "CREATE", "--keys-only")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The lease in a key.</summary>
    protected static string LeaseOf(string key) => key[(key.IndexOf('/') + 1)..];

    protected Task LoggedAsync(string text) =>
        Eventually.TrueAsync(() => Store.Log.Lines.Any(l => l.Contains(text, StringComparison.Ordinal)), $"a line with '{text}'");
}
