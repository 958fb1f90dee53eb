using LeaderElection.Leases;
using LeaderElection.Redis;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>A server whose clock jumps, and leases of different lengths.</summary>
public sealed class RedisClockTests : RedisTests
{
    private const string Entry = "{leader-election}:election:e";

    [Fact]
    public async Task ClockJumpsForward_ACandidateThatNeverSawTheLeaderWaitsByItsOwnClock()
    {
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        // What a jump makes of the lease.
        await Store.Server.CliAsync("DEL", await Store.Server.CliAsync("KEYS", "*:lease:*"));
        var next = Backend(Long);
        var campaign = next.CreateElection("e", "b").CampaignAsync(Late).AsTask();
        await Eventually.TrueAsync(() => next.FollowerCount == 1 || campaign.IsCompleted, "the candidate to wait");
        Assert.False(campaign.IsCompleted);
        Assert.True(leader.IsValid);
    }

    [Fact]
    public async Task LeaseGone_IsWaitedOutOnce_ByTheLeaseOfItsHolder()
    {
        var time = new VirtualTime();
        await using var holder = await NodeAsync(Long * 10);
        await using var node = new RedisNode(
            Store.Server.Endpoint, "{leader-election}", Long, isOneOfSeveral: false, new RedisEvents(_ => { }, () => { }, _ => { }), time);
        Assert.Equal(ClaimAnswer.Won, (await holder.ClaimAsync(Claim("holder"), Late)).Answer);
        await Store.Server.CliAsync("DEL", "{leader-election}:lease:holder");
        Assert.Equal(ClaimReply.Wait(Long * 10), await node.ClaimAsync(Claim("own"), Late));
        time.Advance(Long);
        Assert.Equal(ClaimReply.Wait(Long * 9), await node.ClaimAsync(Claim("own"), Late));
        time.Advance(Long * 9);
        Assert.Equal(ClaimAnswer.Won, (await node.ClaimAsync(Claim("own"), Late)).Answer);
    }

    [Fact]
    public async Task ClockJumpsBack_ADeadLeadersLeaseIsCutToItsLength()
    {
        await using var node = await NodeAsync();
        Assert.Equal(ClaimAnswer.Won, (await node.ClaimAsync(Claim("holder"), Late)).Answer);
        await Store.Server.CliAsync("PEXPIRE", "{leader-election}:lease:holder", "86400000");
        var reply = await node.ClaimAsync(Claim("own"), Late);
        Assert.Equal(ClaimAnswer.Held, reply.Answer);
        Assert.InRange(reply.Remaining, Long / 2, Long);
        Assert.InRange(long.Parse(await Store.Server.CliAsync("PTTL", "{leader-election}:lease:holder")), 1, (long)Long.TotalMilliseconds);
    }

    [Fact]
    public async Task EntryDeleted_IsWaitedOutByTheLeaseOfItsLeader()
    {
        await using var leader = await NodeAsync(Long * 10);
        await using var node = await NodeAsync();
        Assert.Equal(ClaimAnswer.Won, (await leader.ClaimAsync(Claim("holder"), Late)).Answer);
        await Store.Server.CliAsync("DEL", Entry);
        var reply = await node.ClaimAsync(Claim("own"), Late);
        Assert.Equal(ClaimAnswer.Wait, reply.Answer);
        Assert.InRange(reply.Remaining, Long * 9, Long * 10);
    }

    private static LeaseClaim Claim(string lease) => new() { Election = "e", CandidateId = lease, ClaimId = "claim-" + lease, LeaseId = lease, LongestLease = Long };
}
