using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace LeaderElection.Tests.Board;

/// <summary>The scenarios, with real workers; the operator and the Raft members stand in for those of other processes.</summary>
public sealed class ScenarioTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    [Theory]
    [InlineData("leader-failure", "crash node-", "campaigns again")]
    [InlineData("rolling-restart", "restart node-", "is back")]
    public async Task Scenario_WithAnOperator_PassesAndMendsWhatItBroke(string scenario, string breaks, string mends)
    {
        await using var board = await BoardHost.StartAsync(isDevelopment: true, operatorKey: OperatorStub.Key);
        await using var replicas = await Replicas.StartAsync(board, "jobs", 3);
        await using var operators = await OperatorStub.ConnectAsync(board, replicas.OperateAsync);

        var log = await RunAsync(board, scenario);

        Assert.True(log[^1] == "PASSED", string.Join('\n', log));
        Assert.Contains(log, line => line.Contains(breaks, StringComparison.Ordinal));
        Assert.Contains(log, line => line.Contains(mends, StringComparison.Ordinal));
        Assert.All(Roles(await board.ElectionsAsync()), role => Assert.Contains(role, new[] { "leader", "follower" }));
    }

    [Fact]
    public async Task FrozenLeader_Passes_AndTheTimelineShowsTheRefusedWrite()
    {
        await using var board = await BoardHost.StartAsync(isDevelopment: true);
        await using var replicas = await Replicas.StartAsync(board, "jobs", 2);

        var log = await RunAsync(board, "frozen-leader");

        Assert.True(log[^1] == "PASSED", string.Join('\n', log));
        var timeline = await board.Client.GetFromJsonAsync<JsonElement>("/api/elections/file/jobs/timeline");
        var terms = timeline.GetProperty("terms");
        var refusal = Assert.Single(timeline.GetProperty("refusals").EnumerateArray());
        Assert.Equal(2, terms.GetArrayLength());
        Assert.Equal(terms[0].GetProperty("fencingToken").GetInt64(), refusal.GetProperty("fencingToken").GetInt64());
        Assert.True(terms[1].GetProperty("gapBefore").GetDouble() > 0);
    }

    [Fact]
    public async Task Partition_OfALeaderFromItsStore_Passes()
    {
        await using var board = await BoardHost.StartAsync(isDevelopment: true);
        await using var replicas = await Replicas.StartAsync(board, "jobs", 2);

        var log = await RunAsync(board, "partition");

        Assert.True(log[^1] == "PASSED", string.Join('\n', log));
    }

    [Fact]
    public async Task Partition_OfRaftMembers_CutsOffAMinorityThenAMajority_AndHeals()
    {
        await using var board = await BoardHost.StartAsync(isDevelopment: true);
        await using var raft = await FakeRaft.StartAsync(board);

        var log = await RunAsync(board, "partition", "raft");

        Assert.True(log[^1] == "PASSED", string.Join('\n', log));
        Assert.Contains(log, line => line.Contains("cut off a minority: node-0, node-1 from node-2, node-3, node-4", StringComparison.Ordinal));
        Assert.Contains(log, line => line.Contains("node-2 leads with token", StringComparison.Ordinal));
        Assert.Contains(log, line => line.Contains("nobody led without a majority", StringComparison.Ordinal));
        var requests = raft.Requests.Select(request => request.Split('?')[0]).ToArray();
        Assert.Equal(8, requests.Count(request => request.EndsWith("/cut-off", StringComparison.Ordinal)));
        Assert.Equal(8, requests.Count(request => request.EndsWith("/heal", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Partition_OldLeaderThatLeadsOn_Fails_AndHealsAllTheSame()
    {
        await using var board = await BoardHost.StartAsync(isDevelopment: true);
        await using var raft = await FakeRaft.StartAsync(board, leadsOn: true);

        var log = await RunAsync(board, "partition", "raft");

        Assert.StartsWith("FAILED: waited", log[^1], StringComparison.Ordinal);
        Assert.Equal(5, raft.Requests.Count(request => request.Contains("/heal", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Scenario_WithoutWhatItNeeds_SaysSo()
    {
        await using var board = await BoardHost.StartAsync(isDevelopment: true);
        using var reporter = await Reporter.ConnectAsync(board);
        await reporter.LeadsAsync("node-1", 7, 600);
        await Wait.ForAsync(board.ElectionsAsync, list => list.GetArrayLength() == 1);

        using var noOperator = await StartAsync(board, "rolling-restart");
        using var noElection = await StartAsync(board, "partition", "redis");
        using var noScenario = await StartAsync(board, "earthquake");
        var list = await board.Client.GetFromJsonAsync<JsonElement>("/api/scenarios");
        using var running = await StartAsync(board, "partition");
        using var second = await StartAsync(board, "partition");

        Assert.Equal(
            [HttpStatusCode.Conflict, HttpStatusCode.NotFound, HttpStatusCode.NotFound, HttpStatusCode.Accepted, HttpStatusCode.Conflict],
            new[] { noOperator, noElection, noScenario, running, second }.Select(response => response.StatusCode));
        Assert.Equal(
            ["leader-failure", "partition", "rolling-restart", "frozen-leader"],
            list.EnumerateArray().Select(one => one.GetProperty("name").GetString()));
    }

    private static Task<HttpResponseMessage> StartAsync(BoardHost board, string scenario, string strategy = "file") =>
        board.PostAsync($"/api/scenarios/{scenario}/runs?strategy={strategy}&election=jobs");

    private static async Task<string[]> RunAsync(BoardHost board, string scenario, string strategy = "file")
    {
        using var started = await StartAsync(board, scenario, strategy);
        var text = await started.Content.ReadAsStringAsync();
        Assert.True(started.StatusCode == HttpStatusCode.Accepted, text);
        var id = JsonSerializer.Deserialize<JsonElement>(text).GetProperty("id").GetString();
        using var client = new HttpClient { BaseAddress = board.Client.BaseAddress, Timeout = Limit };
        return (await client.GetStringAsync($"/api/scenarios/runs/{id}/log")).TrimEnd().Split('\n');
    }

    private static IEnumerable<string?> Roles(JsonElement list) =>
        list[0].GetProperty("candidates").EnumerateArray().Select(candidate => candidate.GetProperty("role").GetString());
}
