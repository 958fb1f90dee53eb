using LeaderElection.Raft;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Raft;

/// <summary>Folders that are lost, or there twice, and lists that differ: on real disks and connections.</summary>
public sealed class RaftMemoryTests
{
    /// <summary>A lease that no test sees the end of, however long the machine stands still.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task NewFolders_TheClusterBeginsOnceAllMembersHaveSeenEachOther()
    {
        await using var members = new RaftMembers(3);
        for (var i = 0; i < 3; i++)
            Directory.Delete(members.Files.Options(i).Directory!, recursive: true);
        members.Campaign(0);
        members.Campaign(1);
        await SaysAsync(members, 0, "member m0 has no memory of its votes (its folder is new) and takes no part until it has links to all other members; missing: m2");
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => members.Backends[0].PingAsync().AsTask());
        Assert.Contains("missing: m2", error.Message, StringComparison.Ordinal);
        Assert.Empty(members.Leaderships);
        members.Campaign(2);
        await members.LeaderAsync();
        await members.Backends[0].PingAsync(members.Late);
    }

    [Fact]
    public Task LostFolder_TheMemberIsLetInAgain_AndItsVoteCounts() => Processes.Eventually.OnceAsync(
        async () =>
        {
            await using var members = new RaftMembers(3);
            await members.StartAsync();
            members.Campaign(0);
            var first = await members.LeaderAsync();
            await LoseFolderAsync(members, 1);
            await members.Backends[1].StartAsync(members.Late);
            await EventuallyAsync(() => members.Backends[1].GetStatus("e")?.Leader == "m0", "it to follow again");
            var stayed = first.IsValid;
            // Only with its vote is there a majority.
            await members.Backends[2].DisposeAsync();
            members.Campaign(1);
            await first.DisposeAsync();
            await members.LeaderAsync(first, 2);
            members.AssertTokensRise();
            return stayed;
        },
        "the leader stays meanwhile");

    [Fact]
    public async Task LostFolder_WhileAnotherIsAway_TakesNoPart_UntilThatIsBack()
    {
        await using var members = new RaftMembers(3);
        await members.StartAsync();
        members.Campaign(0);
        var first = await members.LeaderAsync();
        await members.Backends[2].DisposeAsync();
        await LoseFolderAsync(members, 1);
        members.Campaign(1);
        await SaysAsync(members, 1, "takes no part until it has links to all other members; missing: m2");
        await EventuallyAsync(() => !first.IsValid, "the leader to be alone");
        Assert.Empty(members.Leading);
        members.Backends[2] = members.Create(2);
        await members.Backends[2].StartAsync(members.Late);
        await members.LeaderAsync(first);
        members.AssertTokensRise();
    }

    [Fact]
    public async Task StartedTwice_OnOtherFolders_TheSecondGetsNoLink_AndALineOnBothSides()
    {
        await using var members = new RaftMembers(3, Long);
        var leader = await members.CampaignAsync();
        await using var twin = members.Create(1, (_, options) =>
        {
            options.Directory += "-other";
            options.Listen = $"127.0.0.1:{FreePort.Next()}";
        });
        await twin.StartAsync(members.Late);
        await SaysAsync(members, 2, "another process runs as m1, with another folder, and is linked to; stop one of them");
        await SaysAsync(members, 1, "it refuses this member: another process runs as this member; stop one of them");
        Assert.DoesNotContain(twin.GetStatus().Peers, p => p.Member == "m2" && p.IsConnected);
        Assert.True(leader.IsValid);
    }

    [Fact]
    public async Task ChangedList_TheMemberDoesNotStart_AndTheOthersGoOn()
    {
        await using var members = new RaftMembers(3, Long);
        var leader = await members.CampaignAsync();
        var other = leader.CandidateId == "m2" ? 1 : 2;
        await members.Backends[other].DisposeAsync();
        var changed = members.Create(other, (_, options) =>
            options.ConnectionString = options.ConnectionString!.Replace(";", $",m3=127.0.0.1:{FreePort.Next()},m4=127.0.0.1:{FreePort.Next()};", StringComparison.Ordinal));
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => changed.StartAsync().AsTask());
        Assert.EndsWith(
            "has voted among the members m0,m1,m2, but the configuration names m0,m1,m2,m3,m4: two lists could elect two leaders; start it with the list that it knows",
            error.Message, StringComparison.Ordinal);
        Assert.False(error.IsTransient);
        Assert.True(leader.IsValid);
    }

    /// <summary>What refuses there is the forwarder; the member behind it lives, and leads.</summary>
    [Fact]
    public async Task ForwarderThatEnds_ProvesNoDeath()
    {
        DroppingLine? line = null;
        await using var members = new RaftMembers(3, TimeSpan.FromSeconds(2), (i, options) =>
        {
            line ??= DroppingLine.Before(options, "m2");
            line.Apply(options, isBehind: i == 2);
            options.RefusedMeansDead = null;
        });
        await members.StartAsync();
        members.Campaign(2);
        var first = await members.LeaderAsync();
        members.Campaign(0);
        members.Campaign(1);
        await EventuallyAsync(() => members.Backends[2].GetStatus().Peers.All(p => p.IsConnected), "the links");
        await line!.DisposeAsync();
        await EventuallyAsync(() => members.Leaderships.Count == 2, "another leader");
        await EventuallyAsync(() => first.EndReason == LeadershipEnd.LeaseRanOut, "the first to have been waited for");
        members.AssertTokensRise();
    }

    [Fact]
    public async Task ProcessThatEnds_BehindNothing_IsKnownToBeDeadLongBeforeItsLeaseIsOver()
    {
        await using var members = new RaftMembers(3, TimeSpan.FromMinutes(1), (_, options) => options.RenewInterval = TimeSpan.FromMilliseconds(100));
        await members.StartAsync();
        members.Campaign(2);
        var first = await members.LeaderAsync();
        members.Campaign(0);
        members.Campaign(1);
        await EventuallyAsync(() => members.Backends.Take(2).All(b => b.GetStatus("e")?.Leader == "m2"), "all to follow");
        await members.Backends[2].DisposeAsync();
        // Far less than the minute that a promise lasts; the test's own limit is the bound.
        await members.LeaderAsync(first, 2);
        members.AssertTokensRise();
    }

    private static async Task LoseFolderAsync(RaftMembers members, int member)
    {
        await members.Backends[member].DisposeAsync();
        Directory.Delete(members.Files.Options(member).Directory!, recursive: true);
        members.Backends[member] = members.Create(member);
    }

    private static Task EventuallyAsync(Func<bool> condition, string what) => Processes.Eventually.TrueAsync(condition, what);

    private static Task SaysAsync(RaftMembers members, int member, string what) => EventuallyAsync(
        () => members.Logs[member].Lines.Any(l => l.Contains(what, StringComparison.Ordinal) && !l.Contains('\n', StringComparison.Ordinal)), $"m{member} to say \"{what}\"");
}
