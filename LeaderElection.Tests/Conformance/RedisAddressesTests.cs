using System.Net;
using LeaderElection.Redis;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>A name with several addresses, some of which are dead.</summary>
public sealed class RedisAddressesTests : RedisTests
{
    [Fact]
    public async Task Name_WhoseFirstAddressAnswersNothing_IsReachedByTheNext()
    {
        var dead = IPAddress.Parse("127.0.0.2");
        using var hole = await BlackHole.OpenAsync(new IPEndPoint(dead, Store.Server.Port));
        var settings = RedisSettings.Read($"redis.test:{Store.Server.Port}", Long, TimeProvider.System);
        Assert.IsType<RedisAddresses>(settings.Tunnel);
        settings.Tunnel = new RedisAddresses(
            TimeSpan.FromMilliseconds(settings.ConnectTimeout), TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([dead, IPAddress.Loopback]));
        await using var connection = new RedisConnection(settings, "events", new RedisEvents(_ => { }, () => { }, _ => { }));
        await connection.RunAsync(database => database.PingAsync(), Late);
        Assert.Equal($"Redis at redis.test:{Store.Server.Port}", connection.Name);
    }

    [Fact]
    public async Task Name_ThatNobodyKnows_IsToldInOneLine()
    {
        await using var connection = new RedisConnection(
            RedisSettings.Read("no-such-host.invalid:6379", Long, TimeProvider.System), "events", new RedisEvents(_ => { }, () => { }, _ => { }));
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => connection.RunAsync(database => database.PingAsync(), Late));
        Assert.StartsWith("Redis at no-such-host.invalid:6379: no connection", error.Message, StringComparison.Ordinal);
    }
}
