using LeaderElection.Redis;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>What the tests of several Redis servers share: three of them, and backends that stand for processes.</summary>
public abstract class RedisSeveralTests : IAsyncLifetime
{
    /// <summary>A lease that no test sees the end of.</summary>
    protected static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    private readonly List<RedisElectionBackend> _backends = [];
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);

    private protected RedisMajorityStore Store { get; private set; } = null!;

    private protected IReadOnlyList<RedisElectionBackend> Backends => _backends;

    protected CancellationToken Late => _late.Token;

    public async Task InitializeAsync() => Store = await RedisMajorityStore.StartNewAsync();

    public async Task DisposeAsync()
    {
        foreach (var backend in _backends)
            await backend.DisposeAsync();
        await Store.DisposeAsync();
        _late.Dispose();
    }

    private protected RedisElectionBackend Backend(TimeSpan? lease = null)
    {
        var backend = (RedisElectionBackend)Store.CreateBackend(lease: lease);
        _backends.Add(backend);
        return backend;
    }

    /// <summary>The servers as a backend sees them.</summary>
    private protected RedisMajority Majority(TimeSpan lease, Action<string>? warn = null) => new(
        [.. Store.Servers.Select(server => new RedisNode(
            server.Endpoint, "{leader-election}", lease, isOneOfSeveral: true, new RedisEvents(_ => { }, () => { }, _ => { }), TimeProvider.System))],
        lease, TimeProvider.System, warn ?? (_ => { }));

    /// <summary>Starts a campaign against a leader, and returns when the candidate waits.</summary>
    private protected async Task<Task<Leadership>> FollowAsync(string candidate)
    {
        var backend = Backend(Long);
        var campaign = backend.CreateElection("e", candidate).CampaignAsync(Late).AsTask();
        await Eventually.TrueAsync(() => backend.FollowerCount == 1 || campaign.IsCompleted, "the candidate to wait");
        Assert.False(campaign.IsCompleted);
        return campaign;
    }
}
