using LeaderElection.Redis;
using LeaderElection.Tests.Conformance;
using StackExchange.Redis;

namespace LeaderElection.Tests.Fencing;

/// <summary>What a leader on Redis can fence its own writes with.</summary>
public sealed class RedisFencingTests : IAsyncLifetime
{
    private const string Key = "{leader-election}:config";

    private readonly List<IElectionBackend> _backends = [];
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private RedisStore _store = null!;

    public async Task InitializeAsync() => _store = await RedisStore.StartNewAsync();

    public async Task DisposeAsync()
    {
        foreach (var backend in _backends)
            await backend.DisposeAsync();
        await _store.DisposeAsync();
        _late.Dispose();
    }

    [Fact]
    public async Task SetAsync_WhileLeading_WritesAndAfterwardsDoesNot()
    {
        var backend = Backend();
        var leader = await backend.CreateElection("e", "a").CampaignAsync(_late.Token);
        Assert.True(await backend.SetAsync(leader, Key, "1", _late.Token));
        Assert.Equal("1", await _store.Server.CliAsync("GET", Key));
        await leader.ResignAsync(_late.Token);
        Assert.False(await backend.SetAsync(leader, Key, "2", _late.Token));
        Assert.Equal("1", await _store.Server.CliAsync("GET", Key));
        Assert.Throws<InvalidOperationException>(() => backend.Guard(leader));
    }

    [Fact]
    public async Task FrozenLeaderWakesUp_ItsWritesAreRefusedByTheStore()
    {
        // It hangs beyond its lease, and its guard was made while it led: what stops it is Redis.
        var frozen = new TaskCompletionSource();
        var isFrozen = false;
        var backend = Backend(async stop =>
        {
            if (isFrozen)
                await frozen.Task.WaitAsync(stop);
        });
        var old = await backend.CreateElection("e", "a").CampaignAsync(_late.Token);
        var guard = backend.Guard(old);
        using var redis = await ConnectionMultiplexer.ConnectAsync(_store.Server.Endpoint);
        Assert.True(await WriteAsync(redis, guard, "1"));
        isFrozen = true;
        var successor = Backend();
        var next = await successor.CreateElection("e", "b").CampaignAsync(_late.Token);
        Assert.True(await successor.SetAsync(next, Key, "2", _late.Token));
        Assert.False(await WriteAsync(redis, guard, "3"));
        Assert.False(await backend.SetAsync(old, Key, "3", _late.Token));
        Assert.Equal("2", await _store.Server.CliAsync("GET", Key));
        frozen.SetResult();
    }

    [Fact]
    public async Task LeaseRanOut_WithNobodyElected_IsRefusedToo()
    {
        var backend = Backend();
        var leader = await backend.CreateElection("e", "a").CampaignAsync(_late.Token);
        await _store.Server.CliAsync("DEL", backend.Guard(leader).LeaseKey);
        Assert.False(await backend.SetAsync(leader, Key, "1", _late.Token));
        Assert.Equal("", await _store.Server.CliAsync("GET", Key));
    }

    private static async Task<bool> WriteAsync(ConnectionMultiplexer redis, RedisCondition guard, string value)
    {
        var transaction = redis.GetDatabase().CreateTransaction();
        guard.AddTo(transaction);
        _ = transaction.StringSetAsync(Key, value);
        return await transaction.ExecuteAsync();
    }

    private RedisElectionBackend Backend(Func<CancellationToken, ValueTask>? beforeRequest = null)
    {
        var backend = new RedisElectionBackend(
            new RedisElectionOptions { ConnectionString = _store.Server.Endpoint, LeaseDuration = _store.Lease, BeforeRequest = beforeRequest },
            _store.Log.For<RedisElectionBackend>());
        _backends.Add(backend);
        return backend;
    }
}
