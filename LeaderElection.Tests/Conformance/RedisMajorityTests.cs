using System.Collections.Concurrent;
using LeaderElection.Leases;
using LeaderElection.Redis;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>What can befall elections that the majority of several Redis servers decides.</summary>
public sealed class RedisMajorityTests : RedisSeveralTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task AnyOneServerForgetsEverything_NobodyIsElectedBesideTheLeader(int server)
    {
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        await Store.Servers[server].CliAsync("FLUSHALL");
        // Candidates that never saw the leader: the case that a single server cannot tell.
        var next = Backend(Long).CreateElection("e", "b").CampaignAsync(Late).AsTask();
        await Eventually.TrueAsync(() => Backends[1].FollowerCount == 1 || next.IsCompleted, "the candidate to wait");
        Assert.False(next.IsCompleted);
        Assert.True(leader.IsValid);
        await leader.ResignAsync(Late);
        Assert.True((await next).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task ServerForgetsEverything_IsToldAgainByTheNextRenewal()
    {
        var leader = await Backend(TimeSpan.FromSeconds(6)).CreateElection("e", "a").CampaignAsync(Late);
        // Each forgets once, never a majority at a time.
        foreach (var server in Store.Servers)
        {
            await server.CliAsync("FLUSHALL");
            await Eventually.GetAsync(
                () => server.CliAsync("GET", "{leader-election}:election:e"), entry => entry.Contains($" {leader.FencingToken} "), "the leader's entry");
        }
        Assert.True(leader.IsValid);
    }

    [Fact]
    public async Task ServersRestartedOneByOne_LeaderGoesOn()
    {
        var leader = await Backend(TimeSpan.FromSeconds(6)).CreateElection("e", "a").CampaignAsync(Late);
        foreach (var server in Store.Servers)
        {
            await server.KillAsync();
            Assert.True(await Eventually.RenewedAsync(leader));
            await server.StartAsync();
            await Eventually.GetAsync(() => server.CallsAsync("pexpire"), calls => calls > 0, "a renewal on the server that is back");
        }
        Assert.True(leader.IsValid);
    }

    [Fact]
    public async Task MajorityDead_NobodyLeadsUntilItIsBack()
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        await Store.Servers[0].KillAsync();
        await Store.Servers[1].KillAsync();
        await Eventually.TrueAsync(() => !leader.IsValid, "the leader to stop");
        var next = Backend().CreateElection("e", "b").CampaignAsync(Late).AsTask();
        await Eventually.TrueAsync(() => Store.Log.Lines.Any(l => l.Contains("2 of 3 servers are needed", StringComparison.Ordinal)), "a line that says so");
        Assert.False(next.IsCompleted);
        await Store.Servers[1].StartAsync();
        Assert.True((await next).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task TokenCounters_ThatRanApart_AreCountedOnFromTheHighest()
    {
        await Store.Servers[2].CliAsync("SET", "{leader-election}:token:e", "9000000000000");
        await Store.Servers[2].CliAsync("SET", "{leader-election}:election:e", "- 9000000000000");
        var tokens = new List<long>();
        for (var i = 0; i < 6; i++)
        {
            await using var backend = new RedisElectionBackend(new() { ConnectionString = Store.ConnectionString, LeaseDuration = Long });
            var leadership = await backend.CreateElection("e", $"c{i}").CampaignAsync(Late);
            tokens.Add(leadership.FencingToken);
            await leadership.ResignAsync(Late);
            // A majority has heard of it by now; one that had not, and was killed, would keep the next two from a majority for one lease.
            foreach (var server in Store.Servers.Where(s => s.IsRunning))
                await Eventually.GetAsync(() => server.CliAsync("GET", "{leader-election}:election:e"), entry => entry.StartsWith('-'), "the resignation");
            // Another one is away each time, so each majority is another one.
            await Store.Servers[i % 3].KillAsync();
            if (i > 0)
            {
                await Store.Servers[(i + 2) % 3].StartAsync();
                await RedisMajorityStore.TrustAsync(Store.Servers[(i + 2) % 3]);
            }
        }
        Assert.Equal(tokens.Order(), tokens);
        Assert.Equal(tokens.Count, tokens.Distinct().Count());
    }

    [Fact]
    public async Task OneServerVotesForAnybody_OthersMissTheEntry_ItIsWaitedForOnce()
    {
        // What is left of a leader whose entry was deleted on two servers, while it was cut off from the third. There
        // another has a vote that it never gives back.
        foreach (var server in Store.Servers)
            await server.CliAsync("SET", "{leader-election}:token:e", "5");
        await Store.Servers[0].CliAsync("SET", "{leader-election}:election:e", "lease claim 5 1 somebody");
        await Store.Servers[0].CliAsync("SET", "{leader-election}:lease:lease", "somebody", "PX", "600000");
        var leader = await Backend(TimeSpan.FromSeconds(1)).CreateElection("e", "a").CampaignAsync(Late);
        Assert.True(leader.FencingToken > 5);
    }

    [Fact]
    public async Task OneServerVotesForAnybody_OthersMissTheEntry_CandidatesDoNotWakeEachOther()
    {
        foreach (var server in Store.Servers)
            await server.CliAsync("SET", "{leader-election}:token:e", "5");
        await Store.Servers[0].CliAsync("SET", "{leader-election}:election:e", "- 5");
        var campaigns = new[] { "a", "b", "c" }.Select(id => Backend(Long).CreateElection("e", id).CampaignAsync(Late).AsTask()).ToArray();
        await Eventually.TrueAsync(() => Backends.All(b => b.FollowerCount == 1), "all to wait");
        await Store.Servers[1].CliAsync("CONFIG", "RESETSTAT");
        // Each takes longer than a claim.
        for (var i = 0; i < 20; i++)
            Assert.InRange(await Store.Servers[1].CallsAsync("evalsha"), 0, 6);
        Assert.DoesNotContain(campaigns, c => c.IsCompleted);
    }

    [Fact]
    public async Task EntryOfAnEarlierLeader_WhoseProcessLives_DoesNotKeepAServerFromTheLeader()
    {
        var leader = await Backend(TimeSpan.FromSeconds(6)).CreateElection("e", "a").CampaignAsync(Late);
        var earlier = $"lease claim {leader.FencingToken - 1} 1 somebody";
        await Store.Servers[0].CliAsync("SET", "{leader-election}:lease:lease", "somebody", "PX", "600000");
        await Store.Servers[0].CliAsync("SET", "{leader-election}:election:e", earlier);
        await Eventually.GetAsync(
            () => Store.Servers[0].CliAsync("GET", "{leader-election}:election:e"), entry => entry.Contains($" {leader.FencingToken} "), "the leader's entry");
        Assert.True(leader.IsValid);
    }

    [Fact]
    public async Task Resigned_WhileAServerWasAway_IsGivenBackThereToo()
    {
        // Soon, not when a good part of such a lease has passed.
        var backend = Backend(Long);
        // Its process leads another election, and so its lease lives on.
        var other = await backend.CreateElection("f", "a").CampaignAsync(Late);
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        await Eventually.GetAsync(
            () => Store.Servers[0].CliAsync("GET", "{leader-election}:election:e"), entry => entry.Contains($" {leader.FencingToken} "), "the leader's entry");
        await Store.Servers[0].KillAsync();
        await leader.ResignAsync(Late);
        await Store.Servers[0].StartAsync();
        await Eventually.GetAsync(() => Store.Servers[0].CliAsync("GET", "{leader-election}:election:e"), entry => entry.StartsWith("- ", StringComparison.Ordinal), "it to be given back");
        Assert.True(other.IsValid);
    }

    [Fact]
    public async Task Resigned_WhileAMajorityWasAway_IsGivenBackWhenItIsBack()
    {
        var backend = Backend(Long);
        // Its process leads another election, and so its lease lives on, for much longer than this test.
        var other = await backend.CreateElection("f", "a").CampaignAsync(Late);
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        await Store.Servers[0].KillAsync();
        await Store.Servers[1].KillAsync();
        await Assert.ThrowsAsync<ElectionStoreException>(() => leader.ResignAsync(Late).AsTask());
        foreach (var server in Store.Servers.Take(2))
        {
            await server.StartAsync();
            await RedisMajorityStore.TrustAsync(server);
        }
        Assert.True((await Backend(Long).CreateElection("e", "b").CampaignAsync(Late)).FencingToken > leader.FencingToken);
        Assert.True(other.IsValid);
    }

    [Fact]
    public async Task NewServers_VoteAfterOneLease()
    {
        foreach (var server in Store.Servers)
            await server.CliAsync("FLUSHALL");
        await Backend().CreateElection("e", "a").CampaignAsync(Late);
        // Once for each server, however often the candidate asked meanwhile; two are enough, so the third may answer late.
        foreach (var server in Store.Servers)
        {
            await Eventually.TrueAsync(() => Store.Log.Lines.Any(l => FreshLine(l, server)), "each to say so");
            Assert.Single(Store.Log.Lines, l => FreshLine(l, server));
        }
    }

    [Fact]
    public async Task ServerEmptiedAgain_IsSaidAgain()
    {
        await using var backend = Backend(TimeSpan.FromSeconds(2));
        // Else the others are enough, and nobody waits for what this one says.
        await Store.Servers[2].KillAsync();
        for (var times = 1; times <= 2; times++)
        {
            await Eventually.GetAsync(
                async () =>
                {
                    await Store.Servers[0].CliAsync("FLUSHALL");
                    // An election that nobody has led: the server has nothing to go by, as long as it is new.
                    await using var leadership = await backend.CreateElection($"e{Guid.NewGuid():N}", "a").CampaignAsync(Late);
                    return Store.Log.Lines.Count(l => FreshLine(l, Store.Servers[0]));
                },
                lines => lines == times, $"{times} lines that say so");
        }
        Assert.DoesNotContain(Store.Log.Lines, l => FreshLine(l, Store.Servers[1]));
    }

    [Fact]
    public async Task Ask_CalledOffBeforeServersAnswer_NamesThem()
    {
        var warnings = new ConcurrentQueue<string>();
        await using var majority = Majority(Long, warnings.Enqueue);
        await majority.PingAsync(Late);
        foreach (var server in Store.Servers)
            server.Freeze();
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => majority.PingAsync(soon.Token));
        Assert.All(Store.Servers, server => Assert.Contains(server.Endpoint, error.Message));
        // They had no time to answer: that is no reason to think that they cannot.
        Assert.Empty(warnings);
    }

    [Fact]
    public async Task Guard_WithSeveralServers_IsRefusedInOneLine()
    {
        var backend = Backend(Long);
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        Assert.Contains("majority of several servers", Assert.Throws<InvalidOperationException>(() => backend.Guard(leader)).Message);
    }

    [Theory]
    [InlineData("a:1;b:2", "names 2 servers")]
    [InlineData("a:1;b:2;c:3;d:4;e:5;f:6;g:7;h:8;i:9;j:10", "names 10 servers")]
    [InlineData("a:1;b:2;,password=secret", "cannot be read")]
    public void Options_WrongServers_AreRefusedInOneLine(string connectionString, string line)
    {
        var problem = Assert.Single(new RedisElectionOptions { ConnectionString = connectionString }.Validate());
        Assert.Contains(line, problem);
        Assert.DoesNotContain("secret", problem);
    }

    private static bool FreshLine(string line, RedisServer server) =>
        line.Contains("it is new, was emptied, or was restarted", StringComparison.Ordinal) && line.Contains($"Redis at {server.Endpoint}:", StringComparison.Ordinal);
}
