using LeaderElection.Redis;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>A primary and a replica, guarded by a sentinel, which the connection string names.</summary>
public sealed class RedisSentinelTests
{
    [Fact]
    public async Task PrimaryDies_ElectionsGoOnAtTheReplica_UnderHigherTokens()
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        await using var primary = await RedisServer.StartNewAsync();
        await using var replica = await RedisServer.StartNewAsync("--replicaof", "127.0.0.1", $"{primary.Port}");
        await Eventually.GetAsync(() => replica.CliAsync("INFO", "replication"), info => info.Contains("master_link_status:up"), "the replica");
        using var folder = new TemporaryFolder();
        var port = FreePort.Next();
        var settings = Path.Combine(folder.Path, "sentinel.conf");
        await File.WriteAllTextAsync(settings, $"""
            port {port}
            bind 127.0.0.1
            dir {folder.Path}
            sentinel monitor elections 127.0.0.1 {primary.Port} 1
            sentinel down-after-milliseconds elections 300
            sentinel failover-timeout elections 2000
            """, late.Token);
        await using var sentinel = ChildProcess.Start("redis-server", [settings, "--sentinel"]);
        await sentinel.WaitForLineAsync("+slave slave");

        await using var first = Backend(port);
        await using var second = Backend(port);
        var leader = await first.CreateElection("e", "a").CampaignAsync(late.Token);
        var next = second.CreateElection("e", "b").CampaignAsync(late.Token).AsTask();
        await Eventually.TrueAsync(() => second.FollowerCount == 1, "the follower to wait");
        await Eventually.GetAsync(() => replica.CliAsync("GET", "{leader-election}:election:e"), entry => entry.Contains($" {leader.FencingToken} "), "the replica to hear of it");
        await primary.KillAsync();
        await sentinel.WaitForLineAsync("+switch-master");
        // Whether it still leads is a matter of time; that somebody else can is not.
        await leader.DisposeAsync();
        Assert.True((await next).FencingToken > leader.FencingToken);
        Assert.Contains($" {(await next).FencingToken} ", await replica.CliAsync("GET", "{leader-election}:election:e"));
    }

    private static RedisElectionBackend Backend(int port) =>
        new(new RedisElectionOptions { ConnectionString = $"127.0.0.1:{port},serviceName=elections", LeaseDuration = TimeSpan.FromSeconds(3) });
}
