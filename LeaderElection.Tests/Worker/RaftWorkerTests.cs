using System.Net;
using LeaderElection.Board.Candidates;
using LeaderElection.Reports;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Worker;

public sealed class RaftWorkerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--raft", "m0=localhost:7000")]
    [InlineData("--member", "m9")]
    public async Task BadSetting_IsOneLineOnStandardError_AndExitCode2(string option, string value)
    {
        string[] good = ["--strategy", "raft", "--raft", "m0=127.0.0.1:7000,m1=127.0.0.1:7001,m2=127.0.0.1:7002;secret=of-this-test-only", "--member", "m0"];
        await using var process = WorkerProcess.Launch(_folder.Path, [.. good.TakeWhile(a => a != option), option, value, .. good.SkipWhile(a => a != option).Skip(2)]);

        Assert.Equal(2, await process.WaitForExitAsync());
        Assert.DoesNotContain("of-this-test-only", Assert.Single(process.StandardError), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CrashOfTheLeader_AnotherLeads_AndTheMembersTellOfEachOther()
    {
        await using var board = await ReportCollector.StartAsync();
        await using var cluster = await RaftWorkers.StartAsync(_folder.Path, 3, "--board", board.Address);
        var (leader, token) = await cluster.LeaderAsync();
        var follower = $"node-{(leader + 1) % 3}";

        // A follower's member is told of once a second, though nothing changes.
        var first = await board.WaitForAsync(report => report.Candidate == follower && Heartbeats(report) > 0, "a heartbeat of the leader");
        await board.WaitForAsync(report => report.Candidate == follower && Heartbeats(report) > Heartbeats(first), "a later report");
        Assert.Equal(["resign", "transfer", "crash", "freeze", "cut-off", "heal"], first.Actions);
        Assert.Equal(2, first.Raft!.Peers.Count);
        Assert.Equal($"m{(leader + 1) % 3}", first.Raft.Member);
        await board.WaitForAsync(report => report.Candidate == follower && report.Raft?.Term >= token, "the leader's term at a follower");
        var own = (await cluster.Members[leader].ElectionAsync()).GetProperty("raft");
        Assert.Equal($"m{leader}", own.GetProperty("member").GetString());

        await Assert.ThrowsAsync<HttpRequestException>(() => cluster.Members[leader].PostAsync("/faults/crash"));
        await cluster.Members[leader].Process.WaitForExitAsync();
        var next = await cluster.LeaderAsync(after: token);
        Assert.NotEqual(leader, next.Member);

        long Heartbeats(CandidateReport report) => report.Raft?.Peers.Single(peer => peer.Member == $"m{leader}").Received ?? 0;
    }

    [Fact]
    public async Task Transfer_IsToTheMemberAskedFor_AndOtherwise409InOneLine()
    {
        await using var cluster = await RaftWorkers.StartAsync(_folder.Path);
        var (leader, token) = await cluster.LeaderAsync();
        var successor = (leader + 2) % 3;

        foreach (var to in new[] { "", "?to=", "?to=m9", $"?to=m{leader}" })
        {
            using var unknown = await cluster.Members[leader].PostAsync($"/election/transfer{to}");
            Assert.Equal(HttpStatusCode.Conflict, unknown.StatusCode);
            Assert.Single((await unknown.Content.ReadAsStringAsync()).TrimEnd('\n').Split('\n'));
        }
        using (var follower = await cluster.Members[successor].PostAsync($"/election/transfer?to=m{leader}"))
            Assert.Equal(HttpStatusCode.Conflict, follower.StatusCode);

        using (var transferred = await cluster.Members[leader].PostAsync($"/election/transfer?to=m{successor}"))
            Assert.Equal(HttpStatusCode.OK, transferred.StatusCode);
        Assert.Equal(successor, (await cluster.LeaderAsync(after: token)).Member);
    }

    [Fact]
    public async Task CutOffFromMembers_TakesTheLeadershipAway_UntilHealed()
    {
        await using var cluster = await RaftWorkers.StartAsync(_folder.Path);
        var (leader, token) = await cluster.LeaderAsync();
        var others = Enumerable.Range(0, 3).Where(i => i != leader).ToArray();

        using (var unknown = await cluster.Members[leader].PostAsync($"/faults/cut-off?from=m{others[0]},m7"))
        {
            Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
            Assert.Equal($"from: 'm7' is not another member; there are m{others[0]}, m{others[1]}\n", await unknown.Content.ReadAsStringAsync());
        }
        using (var cutOff = await cluster.Members[leader].PostAsync($"/faults/cut-off?from=m{others[0]},m{others[1]}"))
            Assert.Equal(HttpStatusCode.Accepted, cutOff.StatusCode);
        var next = await cluster.LeaderAsync(after: token);
        Assert.NotEqual(leader, next.Member);
        var peers = (await cluster.Members[leader].ElectionAsync()).GetProperty("raft").GetProperty("peers");
        Assert.All(peers.EnumerateArray(), peer => Assert.True(peer.GetProperty("isCutOff").GetBoolean()));

        (await cluster.Members[leader].PostAsync("/faults/heal")).Dispose();
        await Eventually.GetAsync(
            cluster.Members[leader].ElectionAsync,
            e => e.GetProperty("leader") is { ValueKind: System.Text.Json.JsonValueKind.Object } seen && seen.GetProperty("fencingToken").GetInt64() >= next.Token,
            "the healed member to see the new leader");
    }

    [Fact]
    public async Task Freeze_OfTheLeader_AnotherLeads()
    {
        await using var cluster = await RaftWorkers.StartAsync(_folder.Path);
        var (leader, token) = await cluster.LeaderAsync();

        (await cluster.Members[leader].PostAsync("/faults/freeze?for=5m")).Dispose();

        Assert.NotEqual(leader, (await cluster.LeaderAsync(after: token)).Member);
    }
}
