using LeaderElection.Redis;
using LeaderElection.Tests.Conformance;
using StackExchange.Redis;

namespace LeaderElection.Tests.Fencing;

/// <summary>What a leader on Redis can fence its own writes with.</summary>
public sealed class RedisFencingTests : RedisTests
{
    private const string Key = "{leader-election}:config";

    [Fact]
    public async Task SetAsync_WhileLeading_WritesAndAfterwardsDoesNot()
    {
        var backend = Backend();
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        Assert.True(await backend.SetAsync(leader, Key, "1", Late));
        Assert.Equal("1", await Store.Server.CliAsync("GET", Key));
        await leader.ResignAsync(Late);
        Assert.False(await backend.SetAsync(leader, Key, "2", Late));
        Assert.Equal("1", await Store.Server.CliAsync("GET", Key));
        Assert.Throws<InvalidOperationException>(() => backend.Guard(leader));
    }

    [Fact]
    public async Task FrozenLeaderWakesUp_ItsWritesAreRefusedByTheStore()
    {
        // It hangs beyond its lease, and its guard was made while it led: what stops it is Redis.
        var freezer = new Freezer();
        var backend = Backend(beforeRequest: freezer.BeforeRequestAsync);
        var old = await backend.CreateElection("e", "a").CampaignAsync(Late);
        var guard = backend.Guard(old);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(Store.Server.Endpoint);
        Assert.True(await WriteAsync(redis, guard, "1"));
        freezer.Freeze();
        var successor = Backend();
        var next = await successor.CreateElection("e", "b").CampaignAsync(Late);
        Assert.True(await successor.SetAsync(next, Key, "2", Late));
        Assert.False(await WriteAsync(redis, guard, "3"));
        Assert.False(await backend.SetAsync(old, Key, "3", Late));
        Assert.Equal("2", await Store.Server.CliAsync("GET", Key));
        freezer.Thaw();
    }

    [Fact]
    public async Task LeaseRanOut_WithNobodyElected_IsRefusedToo()
    {
        var backend = Backend();
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        await Store.Server.CliAsync("DEL", backend.Guard(leader).LeaseKey);
        Assert.False(await backend.SetAsync(leader, Key, "1", Late));
        Assert.Equal("", await Store.Server.CliAsync("GET", Key));
    }

    private static async Task<bool> WriteAsync(ConnectionMultiplexer redis, RedisCondition guard, string value)
    {
        var transaction = redis.GetDatabase().CreateTransaction();
        guard.AddTo(transaction);
        _ = transaction.StringSetAsync(Key, value);
        return await transaction.ExecuteAsync();
    }
}
