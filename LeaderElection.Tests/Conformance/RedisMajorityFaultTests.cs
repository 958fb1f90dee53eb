using LeaderElection.Leases;
using LeaderElection.Redis;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>What would take a leader of several servers its majority, or the others their calm. No renewal is seen in any of these.</summary>
public sealed class RedisMajorityFaultTests : RedisSeveralTests
{
    private const string Entry = "{leader-election}:election:e";
    private const string Token = "{leader-election}:token:e";

    /// <summary>The clock of one server jumps, when the leader has the votes of two.</summary>
    [Fact]
    public async Task Winner_WithoutTheVoteOfOneServer_IsEnteredThereAsSoonAsItIsGivenBack()
    {
        await Store.Servers[2].CliAsync("SET", "{leader-election}:lease:lease", "somebody", "PX", "600000");
        await Store.Servers[2].CliAsync("SET", Entry, "+ lease claim 9000000000000 1 somebody", "PX", "600000");
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        await Store.Servers[2].CliAsync("SET", Entry, "- 0");
        await Eventually.GetAsync(
            () => Store.Servers[2].CliAsync("GET", Entry), entry => entry.Contains($" {leader.FencingToken} ", StringComparison.Ordinal) && !entry.StartsWith('+'),
            "the leader's entry");

        // What a jump of its clock makes of the leases there.
        await Store.Servers[0].CliAsync("DEL", await Store.Servers[0].CliAsync("KEYS", "*:lease:*"));
        var next = await FollowAsync("b");
        Assert.True(leader.IsValid);
        await leader.ResignAsync(Late);
        Assert.True((await next).FencingToken > leader.FencingToken);
    }

    /// <summary>Where two of them have jumped, a candidate that never saw the leader waits by its own clock.</summary>
    [Fact]
    public async Task Clocks_OfAMajorityJump_NobodyIsElectedBesideTheLeader()
    {
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        foreach (var server in Store.Servers.Take(2))
            await server.CliAsync("DEL", await server.CliAsync("KEYS", "*:lease:*"));
        var next = await FollowAsync("b");
        Assert.True(leader.IsValid);
        Assert.False(next.IsCompleted);
    }

    /// <summary>Both have entries of the time before the leader, and clocks that say that it is long ago.</summary>
    [Fact]
    public async Task TwoServersRestart_WithWhatTheyHadBeforeTheLeader_NobodyIsElectedBesideIt()
    {
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        foreach (var server in Store.Servers.Take(2))
        {
            await server.CliAsync("DEL", await server.CliAsync("KEYS", "*:lease:*"));
            await server.CliAsync("SET", Entry, "- 5");
            await server.CliAsync("SET", Token, "5");
            await server.KillAsync();
            await server.StartAsync();
        }
        var next = await FollowAsync("b");
        Assert.False(next.IsCompleted);
        Assert.True(leader.IsValid);
    }

    [Fact]
    public async Task Entry_DeletedOnAllServers_IsWaitedOutByTheLeaseOfItsLeader()
    {
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        // One that may vote too, at a much shorter lease.
        foreach (var server in Store.Servers)
            await Eventually.GetAsync(() => server.CliAsync("GET", Entry), entry => entry.Contains($" {leader.FencingToken} ", StringComparison.Ordinal), "the leader's entry");
        await Store.DeleteEntryAsync("e");
        await using var majority = Majority(TimeSpan.FromSeconds(1));
        var reply = await majority.ClaimAsync(Claim(TimeSpan.FromSeconds(1)), Late);
        Assert.Equal(ClaimAnswer.Wait, reply.Answer);
        Assert.InRange(reply.Remaining, Long / 2, Long);
        Assert.True(leader.IsValid);
    }

    /// <summary>They took the third server's vote by turns, and gave it back aloud, thousands of times a second.</summary>
    [Fact]
    public async Task Followers_OfALeaderThatIsNotEnteredOnOneServer_DoNotWakeEachOther()
    {
        var third = Store.Servers[2];
        await third.CliAsync("SET", "{leader-election}:lease:lease", "somebody", "PX", "600000");
        await third.CliAsync("SET", Entry, "lease claim 9000000000000 1 somebody");
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        foreach (var id in new[] { "b", "c", "d" })
            await FollowAsync(id);
        await third.CliAsync("SET", Entry, "- 0");
        await third.CliAsync("CONFIG", "RESETSTAT");
        await third.CliAsync("PUBLISH", "{leader-election}:events", "released e");
        var calls = 0;
        await Eventually.GetAsync(
            async () =>
            {
                calls = await third.CallsAsync("evalsha");
                return await third.CliAsync("GET", Entry);
            },
            entry => calls > 300 || entry.Contains($" {leader.FencingToken} ", StringComparison.Ordinal), "the leader's entry");
        Assert.InRange(calls, 1, 100);
        Assert.True(leader.IsValid);
    }

    [Fact]
    public async Task WhatIsKept_OfLeaderships_GoesWithThem()
    {
        await using var majority = Majority(Long);
        for (var i = 0; i < 3; i++)
        {
            var claim = Claim(Long) with { ClaimId = $"claim-{i}" };
            Assert.Equal(ClaimAnswer.Won, (await majority.ClaimAsync(claim, Late)).Answer);
            Assert.Equal(1, majority.Kept);
            // Given back, and lost with the lease.
            await majority.GiveBackAsync(new LeaseRelease("own-lease", i == 1 ? null : claim, i == 1 ? 0 : 1, EndsLease: true), Late);
            await Eventually.TrueAsync(() => majority.Kept == 0, "it to be forgotten");
            foreach (var server in Store.Servers)
                await server.CliAsync("DEL", Entry, Token, "{leader-election}:lease:own-lease");
        }
    }

    private static LeaseClaim Claim(TimeSpan lease) => new() { Election = "e", CandidateId = "x", ClaimId = "claim", LeaseId = "own-lease", LongestLease = lease };
}
