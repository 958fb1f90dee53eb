using System.Net;
using System.Net.Sockets;
using LeaderElection.Raft;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace LeaderElection.Tests.Raft;

/// <summary>A member that cannot trust or keep its state does not take part.</summary>
public sealed class RaftStateTests
{
    [Fact]
    public async Task DamagedState_TheMemberDoesNotStart()
    {
        await using var members = new RaftMembers(3);
        var file = Path.Combine(members.Files.Options(0).Directory!, "state");
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[20] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => members.Backends[0].CreateElection("e", "m0").CampaignAsync().AsTask());
        Assert.StartsWith($"state file {file} cannot be trusted: its checksum is wrong", error.Message, StringComparison.Ordinal);
        Assert.False(error.IsTransient);
        Assert.DoesNotContain('\n', error.Message);
        await Assert.ThrowsAsync<ElectionStoreException>(() => members.Backends[0].StartAsync().AsTask());
        // Nothing was touched: whoever restores it can.
        Assert.Equal(bytes, await File.ReadAllBytesAsync(file));
    }

    [Fact]
    public async Task StateOfAnotherMember_TheMemberDoesNotStart()
    {
        await using var members = new RaftMembers(3, configure: (i, options) => options.Directory = i == 0 ? Path.Combine(options.Directory!, "..", "m1") : options.Directory);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => members.Backends[0].StartAsync().AsTask());
        Assert.Contains("belongs to member m1 of cluster 'tests', not to m0 of 'tests'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartedTwice_TheSecondIsRefused_UntilTheFirstHasEnded()
    {
        await using var members = new RaftMembers(3);
        await members.Backends[0].StartAsync();
        var second = members.Create(0);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => second.StartAsync().AsTask());
        Assert.StartsWith("member m0 runs already: another process uses its state in ", error.Message, StringComparison.Ordinal);
        Assert.False(error.IsTransient);
        await members.Backends[0].DisposeAsync();
        await second.StartAsync();
        Assert.Equal(3, second.GetStatus().Starts);
    }

    [Fact]
    public async Task MistakeInTheProgram_TheMemberGivesItsPlaceUp_AndAnotherLeads()
    {
        await using var members = new RaftMembers(3);
        var leader = await members.CampaignAsync();
        var failed = int.Parse(leader.CandidateId[1..]);
        RaftAddress.TryParse(members.Files.Options(failed).ConnectionString!, out var address);
        var node = await members.Backends[failed].NodeAsync();
        await node.PostAsync(() => throw new InvalidOperationException("made by the test"));
        Assert.False(leader.IsValid);
        await Eventually.TrueAsync(() => IsRefused(address.Members[failed].Port), "the address to be given back");
        await members.LeaderAsync(leader, failed);
        Assert.All(members.Backends.Where((_, i) => i != failed), b => Assert.False(b.GetStatus().Peers.Single(p => p.Member == leader.CandidateId).IsConnected));
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => members.Backends[failed].PingAsync().AsTask());
        Assert.Contains("the member has stopped: made by the test", error.Message, StringComparison.Ordinal);

        static bool IsRefused(int port)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Connect(IPAddress.Loopback, port);
                return false;
            }
            catch (SocketException e)
            {
                return e.SocketErrorCode == SocketError.ConnectionRefused;
            }
        }
    }

    [Fact]
    public async Task AddressTaken_SaysWhere()
    {
        await using var members = new RaftMembers(3);
        await members.Backends[0].StartAsync();
        var copy = members.Create(0, (_, options) => options.Directory += "-copy");
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => copy.StartAsync().AsTask());
        Assert.StartsWith("member m0 cannot listen at 127.0.0.1:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FolderThatCannotBe_SaysSo()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("file"), "");
        await using var members = new RaftMembers(3, configure: (_, options) => options.Directory = folder.File("file"));
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => members.Backends[0].StartAsync().AsTask());
        Assert.StartsWith($"the state of the member cannot be kept in {folder.File("file")}: ", error.Message, StringComparison.Ordinal);
        Assert.False(error.IsTransient);
    }

    [MountFact]
    public async Task FullDisk_VotesGoOnWhereThereIsRoomForThem_ElseNobodyVotesUntilThereIs()
    {
        await using var disk = await SmallDisk.MountAsync("size=512k");
        await using var members = new RaftMembers(3, configure: (i, options) => options.Directory = Path.Combine(disk.Path, $"m{i}"));
        await members.StartAsync();
        // Their folders are new: once the cluster has begun, its id is on the disk.
        await Eventually.TrueAsync(() => members.Backends.All(b => b.NodeAsync() is { IsCompletedSuccessfully: true, Result.IsAdmitted: true }), "the cluster to begin");
        await disk.FillAsync(Path.Combine(disk.Path, "filler"));
        await members.CampaignAsync();
        // More votes at once than there is room for behind the state.
        var many = Enumerable.Range(0, StateCodec.Slots * 3).Select(i => $"x{i}").ToArray();
        foreach (var election in many)
            members.Campaign(0, election);
        await Eventually.TrueAsync(
            () => members.Logs.Count(l => l.Lines.Any(line => line.Contains("cannot save its state, and does not vote until it can", StringComparison.Ordinal))) >= 2, "two that cannot vote");
        Assert.True(members.Leaderships.Count(l => l.IsValid) < many.Length);
        File.Delete(Path.Combine(disk.Path, "filler"));
        await Eventually.TrueAsync(() => many.All(e => members.Leaderships.Any(l => l.ElectionName == e && l.IsValid)), "a leader everywhere");
    }

    [Fact]
    public async Task Restart_TermsGoOnFromTheDisk()
    {
        await using var members = new RaftMembers(3);
        var leader = await members.CampaignAsync();
        await Task.WhenAll(members.Backends.Select(b => b.DisposeAsync().AsTask()));
        for (var i = 0; i < 3; i++)
            members.Backends[i] = members.Create(i);
        Assert.True((await members.CampaignAsync()).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task AddRaftElectionBackend_StartsTheMemberWithTheApplication()
    {
        await using var members = new RaftMembers(3);
        var options = members.Files.Options(0);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:raft"] = $"{options.ConnectionString};secret={RaftClusterFiles.Secret}",
            ["LeaderElection:Raft:Member"] = "m0",
            ["LeaderElection:Raft:Directory"] = options.Directory,
            ["LeaderElection:Raft:LeaseDuration"] = "00:00:00.5",
        });
        builder.AddRaftElectionBackend("raft");
        using var host = builder.Build();
        await host.StartAsync();
        await members.Backends[1].StartAsync();
        await Eventually.TrueAsync(() => members.Backends[1].GetStatus().Peers.Single(p => p.Member == "m0").IsConnected, "the link to the application");
        await members.Backends[1].PingAsync(members.Late);
        await host.StopAsync();
    }
}
