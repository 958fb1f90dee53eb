using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Raft;

/// <summary>The classic scenarios, on real connections; those in which processes die are among the fault tests.</summary>
public sealed class RaftScenarioTests
{
    /// <summary>A lease that no test sees the end of, however long the machine stands still.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    public async Task InitialElection_OneLeadsAndAllFollow(int count)
    {
        await using var members = new RaftMembers(count, Long);
        var leader = await members.CampaignAsync();
        Assert.Single(members.Leaderships);
        Assert.All(members.Backends, b => Assert.Equal(leader.FencingToken, b.GetStatus("e")!.Term));
        Assert.Equal("leader", members.Backends[Index(leader)].GetStatus("e")!.Role);
    }

    [Fact]
    public Task LeaderInTheMinority_StopsAndTheMajorityElects_HealedAllFollowOne() => Eventually.OnceAsync(
        async () =>
        {
            await using var members = new RaftMembers(5);
            var first = await members.CampaignAsync();
            var old = Index(first);
            var companion = (old + 1) % 5;
            members.Partition(old, companion);
            var second = await members.LeaderAsync(first, old, companion);
            Assert.False(first.IsValid);
            Assert.DoesNotContain(Index(second), new[] { old, companion });
            Assert.Null(members.Backends[old].GetStatus("e")!.Leader);
            members.Heal();
            await members.LeaderAsync();
            members.AssertTokensRise();
            return second.IsValid;
        },
        "whoever was cut off has disturbed nobody: the pre-vote keeps it from counting terms up");

    [Fact]
    public Task FollowersInTheMinority_TheLeaderStays_AlsoAfterwards() => Eventually.OnceAsync(
        async () =>
        {
            await using var members = new RaftMembers(5);
            var leader = await members.CampaignAsync();
            int[] minority = [(Index(leader) + 1) % 5, (Index(leader) + 2) % 5];
            members.Partition(minority);
            await Eventually.TrueAsync(() => minority.All(i => members.Backends[i].GetStatus("e")!.Leader is null), "the minority to know no leader");
            members.Heal();
            await members.LeaderAsync();
            return leader.IsValid && members.Leaderships.Count == 1;
        },
        "the leader stays");

    [Fact]
    public async Task NobodyHasAMajority_NobodyLeads_HealedSomebodyDoes()
    {
        var cut = false;
        await using var members = new RaftMembers(3, configure: (_, options) => options.BeforeRequest = _ => cut ? throw new ElectionStoreException("cut off by the test", isTransient: true) : default);
        var leader = await members.CampaignAsync();
        cut = true;
        await Eventually.TrueAsync(() => members.Leading is [] && members.Backends.All(b => b.GetStatus("e")!.Leader is null), "nobody to lead");
        cut = false;
        Assert.True((await members.LeaderAsync(leader)).FencingToken > leader.FencingToken);
        members.AssertTokensRise();
    }

    [Fact]
    public Task LeaderBehindALineThatDropsEverything_IsReplaced_AndFollowsWhenItIsBack() => Eventually.OnceAsync(
        async () =>
        {
            // The member whose id is last dials nobody: what it says and hears passes its own address.
            DroppingLine? line = null;
            await using var members = new RaftMembers(3, configure: (i, options) =>
            {
                line ??= DroppingLine.Before(options, "m2");
                line.Apply(options, isBehind: i == 2);
            });
            await using var closing = line!;
            await members.StartAsync();
            members.Campaign(2);
            var first = await members.LeaderAsync();
            members.Campaign(0);
            members.Campaign(1);
            line!.Proxy.Drop();
            var second = await members.LeaderAsync(first, 2);
            Assert.False(first.IsValid);
            line.Proxy.Cut();
            line.Proxy.Resume();
            await members.LeaderAsync();
            members.AssertTokensRise();
            return second.IsValid;
        },
        "the one that is back has disturbed nobody");

    [Fact]
    public async Task Ping_WithoutAMajority_SaysHowManyAreReachedAndNeeded()
    {
        await using var members = new RaftMembers(5);
        await members.Backends[0].StartAsync();
        await members.Backends[1].StartAsync();
        await Eventually.TrueAsync(() => members.Backends[0].GetStatus().Peers.Any(p => p.IsConnected), "a link");
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => members.Backends[0].PingAsync().AsTask());
        Assert.Equal("member m0 reaches 2 of 5 members, itself included; 3 are needed", error.Message);
        Assert.True(error.IsTransient);
        await members.StartAsync();
        await members.Backends[0].PingAsync(members.Late);
        // Links stand, but nothing passes: that counts.
        members.Partition(0, 1);
        Assert.Equal(error.Message, (await Assert.ThrowsAsync<ElectionStoreException>(() => members.Backends[0].PingAsync().AsTask())).Message);
    }

    [Fact]
    public async Task Transfer_ToAMember_ThatOneLeadsNext()
    {
        await using var members = new RaftMembers(5, Long);
        var leader = await members.CampaignAsync();
        for (var round = 0; round < 4; round++)
        {
            var from = Index(leader);
            var to = (from + 1 + round) % 5 == from ? (from + 1) % 5 : (from + 1 + round) % 5;
            await members.Backends[from].TransferAsync(leader, $"m{to}", members.Late);
            Assert.Equal(LeadershipEnd.Resigned, leader.EndReason);
            leader = await members.LeaderAsync(leader);
            Assert.Equal($"m{to}", leader.CandidateId);
        }
        members.AssertTokensRise();
    }

    [Fact]
    public async Task Transfer_ToWhoCannotLead_IsRefusedAndChangesNothing()
    {
        await using var members = new RaftMembers(3, Long);
        await members.StartAsync();
        members.Campaign(0);
        var leader = await members.LeaderAsync();
        async Task<string> RefusedAsync(int by, string to) =>
            (await Assert.ThrowsAsync<InvalidOperationException>(() => members.Backends[by].TransferAsync(leader, to).AsTask())).Message;
        Assert.Equal("m0 leads already", await RefusedAsync(0, "m0"));
        Assert.Equal("m9 is not a member; members are m0,m1,m2", await RefusedAsync(0, "m9"));
        Assert.Equal("m1 does not campaign for 'e'", await RefusedAsync(0, "m1"));
        Assert.StartsWith("the leadership of 'e'", await RefusedAsync(1, "m2"), StringComparison.Ordinal);
        Assert.True(leader.IsValid);
    }

    [Fact]
    public async Task PreferredMember_TakesOverWhenItIsWell()
    {
        await using var members = new RaftMembers(3, TimeSpan.FromMilliseconds(150), (_, options) =>
            options.ConnectionString = options.ConnectionString!.Replace(",m1=", "/5,m1=", StringComparison.Ordinal));
        await members.StartAsync();
        members.Campaign(1);
        var first = await members.LeaderAsync();
        members.Campaign(0);
        await Eventually.TrueAsync(() => members.Leading is [{ CandidateId: "m0" }], "the preferred member to lead");
        Assert.NotNull(first.EndReason);
    }

    [Fact]
    public Task ThousandElections_OneHeartbeatForEachPairAndInterval() => Eventually.OnceAsync(ThousandElectionsAsync, "no more than heartbeats are sent while all lead on");

    private static async Task<bool> ThousandElectionsAsync()
    {
        await using var members = new RaftMembers(5, TimeSpan.FromSeconds(1));
        await members.StartAsync();
        var held = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i =>
            members.Backends[0].CreateElection($"shard-{i}", "m0").CampaignAsync(members.Late).AsTask()));
        var leader = members.Backends[0];
        await Eventually.TrueAsync(() => members.Backends.Skip(1).All(b => b.GetStatus("shard-999")?.Leader == "m0"), "all to follow");
        long[] Sent() => [.. leader.GetStatus().Peers.Select(p => p.Sent)];
        var start = TimeProvider.System.GetTimestamp();
        var before = Sent();
        await Eventually.TrueAsync(() => Sent().Zip(before).All(pair => pair.First - pair.Second >= 20), "heartbeats");
        var sent = Sent().Zip(before, (now, then) => now - then).Max();
        var intervals = TimeProvider.System.GetElapsedTime(start) / members.Files.Options(0).RenewInterval!.Value;
        return sent <= intervals + 2 && Array.TrueForAll(held, l => l.IsValid);
    }

    private static int Index(Leadership leadership) => int.Parse(leadership.CandidateId[1..]);
}
