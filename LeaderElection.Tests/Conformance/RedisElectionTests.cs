using LeaderElection.Leases;
using LeaderElection.Redis;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>What can befall an election on Redis.</summary>
public sealed class RedisElectionTests : RedisTests
{
    private const string Entry = "{leader-election}:election:e";
    private const string Token = "{leader-election}:token:e";

    [Fact]
    public async Task Leader_ScriptsFlushed_GoesOn()
    {
        var leader = await Backend(TimeSpan.FromSeconds(6)).CreateElection("e", "a").CampaignAsync(Late);
        await Store.Server.CliAsync("SCRIPT", "FLUSH");
        Assert.True(await Eventually.RenewedAsync(leader));
        await leader.ResignAsync(Late);
        Assert.True((await Backend().CreateElection("e", "b").CampaignAsync(Late)).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Server_RestartedWithoutItsData_FollowerWaitsTheLeaseOutAndTokensGoOnRising()
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        var (follower, _) = await FollowAsync();
        var overlaps = Overlaps.Of(leader, follower);
        await Store.Server.KillAsync();
        Store.Server.Forget();
        await Store.Server.StartAsync();
        var next = await follower;
        Assert.False(overlaps());
        Assert.True(next.FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Server_BecomesAReplica_IsReportedAndWaitedFor()
    {
        await Store.Server.CliAsync("REPLICAOF", "127.0.0.1", "1");
        var campaign = Backend().CreateElection("e", "a").CampaignAsync(Late).AsTask();
        await LoggedAsync("read-only replica");
        await Store.Server.CliAsync("REPLICAOF", "NO", "ONE");
        await campaign;
    }

    [Fact]
    public async Task Cluster_SlotOnAnotherNode_IsFoundAndAMoveIsFollowedOrReported()
    {
        // Not 10,000 above the server's own, which may be the port of any outgoing connection.
        var (ownersBus, othersBus) = (FreePort.Next(), FreePort.Next());
        await using var owner = await RedisServer.StartNewAsync("--cluster-enabled", "yes", "--cluster-port", $"{ownersBus}");
        await using var other = await RedisServer.StartNewAsync("--cluster-enabled", "yes", "--cluster-port", $"{othersBus}");
        await owner.CliAsync("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        await owner.CliAsync("CLUSTER", "MEET", "127.0.0.1", $"{other.Port}", $"{othersBus}");
        await Eventually.GetAsync(() => other.CliAsync("CLUSTER", "INFO"), i => i.Contains("cluster_state:ok") && i.Contains("cluster_known_nodes:2"), "the cluster");
        await using var backend = new RedisElectionBackend(
            new RedisElectionOptions { ConnectionString = other.Endpoint, LeaseDuration = Store.Lease }, Store.Log.For<RedisElectionBackend>());
        var election = backend.CreateElection("e", "a");
        var leader = await election.CampaignAsync(Late);

        // The slot moves without its keys, as in a botched migration: the lease is not there any more.
        var slot = await owner.CliAsync("CLUSTER", "KEYSLOT", Entry);
        var newOwner = await other.CliAsync("CLUSTER", "MYID");
        await owner.CliAsync("FLUSHALL");
        await other.CliAsync("CLUSTER", "SETSLOT", slot, "NODE", newOwner);
        await owner.CliAsync("CLUSTER", "SETSLOT", slot, "NODE", newOwner);
        await Eventually.TrueAsync(() => !leader.IsValid, "the leader to stop");
        Assert.True((await election.CampaignAsync(Late)).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Leader_LeaseKeyEvicted_Stops()
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        await Store.Server.CliAsync("DEL", await Store.Server.CliAsync("KEYS", "*:lease:*"));
        await Eventually.TrueAsync(() => !leader.IsValid, "the leader to stop");
    }

    [Fact]
    public async Task Entry_DeletedByHand_ACandidateThatKnowsNoLeaderWaitsToo()
    {
        var leader = await Backend(TimeSpan.FromSeconds(2)).CreateElection("e", "a").CampaignAsync(Late);
        await Store.DeleteEntryAsync("e");
        var next = Backend(TimeSpan.FromSeconds(2)).CreateElection("e", "b").CampaignAsync(Late).AsTask();
        var overlaps = Overlaps.Of(leader, next);
        Assert.True((await next).FencingToken > leader.FencingToken);
        Assert.False(overlaps());
    }

    [Fact]
    public async Task Entry_DeletedAgainWhileItIsWaitedOut_TheWaitBeginsAnew()
    {
        await using var node = await NodeAsync();
        await Store.Server.CliAsync("SET", Token, "5");
        Assert.Equal(ClaimAnswer.Wait, (await node.ClaimAsync(Claim(), Late)).Answer);
        // Another was elected meanwhile, whom this one never saw.
        await Store.DeleteEntryAsync("e");
        // However long this one has waited, it was not for that one.
        Assert.Equal(ClaimAnswer.Wait, (await node.ClaimAsync(Claim(), Late)).Answer);
        Assert.StartsWith("? ", await Store.Server.CliAsync("GET", Entry));
        await Store.Server.CliAsync("SET", Entry, "? 1");
        Assert.Equal(ClaimAnswer.Won, (await node.ClaimAsync(Claim(), Late)).Answer);
    }

    [Fact]
    public async Task Entry_Missing_IsWaitedOutForAsLongAsTheLeadersLeaseIs()
    {
        await using var node = await NodeAsync();
        await Store.Server.CliAsync("SET", Token, "5");
        var reply = await node.ClaimAsync(Claim() with { WatchedLeaseId = "lease", LongestLease = Long * 10 }, Late);
        Assert.Equal(ClaimAnswer.Wait, reply.Answer);
        Assert.True(reply.Remaining > Long);
        // Of the same time, to one that does not know that lease.
        Assert.InRange((await node.ClaimAsync(Claim(), Late)).Remaining, TimeSpan.Zero, Long);
    }

    [Fact]
    public async Task Entry_MissingWhileTheServersClockIsSetBack_IsWaitedOutOnce()
    {
        await using var node = await NodeAsync();
        await Store.Server.CliAsync("SET", Entry, "? 99999999999999");
        Assert.InRange((await node.ClaimAsync(Claim(), Late)).Remaining, TimeSpan.Zero, Long);
        Assert.DoesNotContain("99999999999999", await Store.Server.CliAsync("GET", Entry));
    }

    [Theory]
    [InlineData(4, "? ")]
    [InlineData(5, "- 5")]
    public async Task Entry_Missing_IsGivenBackByTheOneThatLedLast(long token, string entry)
    {
        await using var node = await NodeAsync();
        await Store.Server.CliAsync("SET", Token, "5");
        await node.ClaimAsync(Claim(), Late);
        await node.GiveBackAsync(new LeaseRelease("another-lease", Claim(), token, EndsLease: false), Late);
        Assert.StartsWith(entry, await Store.Server.CliAsync("GET", Entry));
    }

    [Fact]
    public async Task Leader_AnotherElectedBesideIt_StopsAtOnce()
    {
        var leader = await Backend(TimeSpan.FromMinutes(10)).CreateElection("e", "a").CampaignAsync(Late);
        // A candidate that never saw the leader comes right after an operator's FLUSHALL: nothing in the store speaks
        // against it, so the leader is told by the message alone, its next renewal being minutes away.
        await Store.Server.CliAsync("FLUSHALL");
        var next = await Backend(TimeSpan.FromMinutes(10)).CreateElection("e", "b").CampaignAsync(Late);
        Assert.True(next.FencingToken > leader.FencingToken);
        await Eventually.TrueAsync(() => !leader.IsValid, "the leader to hear of the other");
        Assert.Equal(LeadershipEnd.Superseded, leader.EndReason);
    }

    [Fact]
    public async Task Campaign_KeyOfAnotherType_IsRefusedInOneLine()
    {
        await Store.Server.CliAsync("LPUSH", Entry, "x");
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => Backend().CreateElection("e", "a").CampaignAsync(Late).AsTask());
        Assert.Contains("another type", error.Message);
    }

    [Fact]
    public async Task Campaign_ForeignValue_IsRefusedInOneLine()
    {
        await Store.Server.CliAsync("SET", Entry, "not ours");
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => Backend().CreateElection("e", "a").CampaignAsync(Late).AsTask());
        Assert.Contains("{leader-election}:election:e holds something that is not an election", error.Message);
        Assert.Equal("not ours", await Store.Server.CliAsync("GET", Entry));
    }

    [Theory]
    [InlineData("")]
    [InlineData(",password=wrong-secret")]
    public async Task Campaign_WrongPassword_IsRefusedInOneLineWithoutIt(string given)
    {
        await using var server = await RedisServer.StartNewAsync("--requirepass", "right-secret");
        await using var backend = new RedisElectionBackend(
            new RedisElectionOptions { ConnectionString = server.Endpoint + given, LeaseDuration = Store.Lease }, Store.Log.For<RedisElectionBackend>());
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.CreateElection("e", "a").CampaignAsync(Late).AsTask());
        Assert.Contains("password", error.Message);
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain(Store.Log.Lines.Append(error.ToString()), line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Open_ServerThatEvicts_IsWarnedOf()
    {
        await Store.Server.CliAsync("CONFIG", "SET", "maxmemory", "100mb");
        await Store.Server.CliAsync("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
        await Backend().CreateElection("e", "a").CampaignAsync(Late);
        await LoggedAsync("maxmemory-policy is allkeys-lru");
    }

    [Fact]
    public async Task Idle_FollowerOfAHealthyLeader_DoesNotPoll()
    {
        await Backend(TimeSpan.FromSeconds(6)).CreateElection("e", "a").CampaignAsync(Late);
        await FollowAsync();
        await Store.Server.CliAsync("CONFIG", "RESETSTAT");
        // Only a claim looks at the time a lease has left; to look whether the leader is still there is cheaper.
        await Eventually.GetAsync(() => CallsAsync("pexpire"), calls => calls >= 3, "a lease's worth of renewals, and several of the follower's");
        // One may come late from the start of the connection.
        Assert.InRange(await CallsAsync("pttl"), 0, 1);
    }

    [Fact]
    public async Task Idle_ThousandFollowersOfOneProcess_LookTogetherOncePerLease()
    {
        var leader = Backend(Long);
        var shards = Enumerable.Range(0, 1000).Select(i => $"shard-{i}").ToArray();
        await Task.WhenAll(shards.Select(shard => leader.CreateElection(shard, "a").CampaignAsync(Late).AsTask()));
        var backend = Backend(TimeSpan.FromSeconds(2));
        var followers = shards.Select(shard => backend.CreateElection(shard, "b").CampaignAsync(Late).AsTask()).ToArray();
        await Eventually.TrueAsync(() => ((StoreBackend)backend).FollowerCount == shards.Length, "all to wait");
        await Store.Server.CliAsync("CONFIG", "RESETSTAT");
        await Eventually.GetAsync(() => CallsAsync("mget"), calls => calls >= 2, "two looks");
        Assert.InRange(await CallsAsync("evalsha") + await CallsAsync("eval"), 0, 1);

        // What nobody tells is found.
        await Store.Server.CliAsync("SET", "{leader-election}:election:shard-7", "- 1");
        Assert.Equal("shard-7", (await await Task.WhenAny(followers)).ElectionName);
    }

    [Fact]
    public async Task Idle_ThousandElections_AreRenewedByOneScript()
    {
        var backend = Backend(TimeSpan.FromSeconds(6));
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => backend.CreateElection($"shard-{i}", "a").CampaignAsync(Late).AsTask()));
        await Store.Server.CliAsync("CONFIG", "RESETSTAT");
        var renewals = await Eventually.GetAsync(() => CallsAsync("pexpire"), calls => calls >= 2, "two renewals");
        var looks = await CallsAsync("mget");
        var scripts = await CallsAsync("evalsha") + await CallsAsync("eval");
        // Others may come between the questions.
        var most = await CallsAsync("pexpire");
        Assert.InRange(looks, renewals, most);
        Assert.InRange(scripts, renewals, most + 1);
    }

    [Fact]
    public async Task Keys_OfAReleasedElection_AreItsTokenAndThatItWasReleased()
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        await leader.ResignAsync(Late);
        Assert.StartsWith("- ", await Store.Server.CliAsync("GET", Entry));
        Assert.Equal("-1", await Store.Server.CliAsync("PTTL", Entry));
        Assert.Equal([Entry, Token], (await Store.Server.CliAsync("KEYS", "*")).Split('\n').Order());
    }

    private static LeaseClaim Claim() => new() { Election = "e", CandidateId = "a", ClaimId = "claim", LeaseId = "own-lease", LongestLease = Long };

    private Task<int> CallsAsync(string command) => Store.Server.CallsAsync(command);

    private async Task<(Task<Leadership> Campaign, IElectionBackend Backend)> FollowAsync()
    {
        var backend = Backend();
        var campaign = backend.CreateElection("e", "b").CampaignAsync(Late).AsTask();
        await Eventually.TrueAsync(() => ((StoreBackend)backend).FollowerCount == 1 || campaign.IsCompleted, "the follower to wait");
        return (campaign, backend);
    }

    private Task LoggedAsync(string text) =>
        Eventually.TrueAsync(() => Store.Log.Lines.Any(l => l.Contains(text, StringComparison.Ordinal)), $"a line with '{text}'");
}
