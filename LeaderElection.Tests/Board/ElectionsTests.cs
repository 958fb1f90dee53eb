using System.Text.Json;

namespace LeaderElection.Tests.Board;

public sealed class ElectionsTests
{
    [Fact]
    public async Task List_Nobody_IsEmpty()
    {
        await using var board = await BoardHost.StartAsync();

        Assert.Equal("[]", (await board.ElectionsAsync()).GetRawText());
    }

    [Fact]
    public async Task List_Reported_HasTheFieldsOfTheContract()
    {
        await using var board = await BoardHost.StartAsync();
        using var reporter = await Reporter.ConnectAsync(board);

        await reporter.LeadsAsync("node-1", 7, 60);
        await reporter.FollowsAsync("node-2");

        var elections = await Wait.ForAsync(board.ElectionsAsync, list => Candidates(list) == 2);
        Assert.Equal(
            """[{"name":"jobs","strategy":"file","leader":{"candidate":"node-1","fencingToken":7,"since":"2026-01-02T03:04:05+00:00"},"candidates":[{"candidate":"node-1","role":"leader","url":"http://localhost:1234","pid":42,"actions":null,"member":null},{"candidate":"node-2","role":"follower","url":null,"pid":43,"actions":null,"member":null}]}]""",
            elections.GetRawText());
    }

    [Fact]
    public async Task Stream_SendsTheListOnConnectAndOnEveryChange()
    {
        await using var board = await BoardHost.StartAsync();
        await using var events = await EventReader.OpenAsync(board);

        var first = await events.NextAsync();
        using var reporter = await Reporter.ConnectAsync(board);
        await reporter.LeadsAsync("node-1", 7, 60);
        await events.UntilAsync(list => Leader(list) == "node-1");
        await reporter.FollowsAsync("node-1");
        await events.UntilAsync(list => Leader(list) is null);
        await using var late = await EventReader.OpenAsync(board);

        Assert.Equal(("elections", "[]"), (first!.Value.Type, first.Value.Data.GetRawText()));
        Assert.Equal(1, Candidates((await late.NextAsync())!.Value.Data));
    }

    [Fact]
    public async Task Stream_WithLedger_NamesTheElectionWhoseLedgerChanged()
    {
        await using var board = await BoardHost.StartAsync();
        await using var events = await EventReader.OpenAsync(board, "?ledger=true");
        await events.NextAsync();

        (await board.AppendAsync("jobs", "1")).Dispose();

        var (type, data) = (await events.NextAsync())!.Value;
        Assert.Equal(("ledger", "jobs"), (type, data.GetString()));
    }

    [Fact]
    public async Task Socket_Closed_ItsCandidatesAreGone()
    {
        await using var board = await BoardHost.StartAsync();
        await using var events = await EventReader.OpenAsync(board);
        using var other = await Reporter.ConnectAsync(board);
        await other.FollowsAsync("node-2");
        var killed = await Reporter.ConnectAsync(board);
        await killed.LeadsAsync("node-1", 7, 60);
        await events.UntilAsync(list => Candidates(list) == 2);

        killed.Dispose();

        var left = await events.UntilAsync(list => Leader(list) is null);
        Assert.Equal(["gone", "follower"], Roles(left));
    }

    [Fact]
    public async Task Socket_Reconnected_OwnsTheCandidate()
    {
        await using var board = await BoardHost.StartAsync();
        var first = await Reporter.ConnectAsync(board);
        await first.FollowsAsync("node-1");
        await first.FollowsAsync("node-2");
        await Wait.ForAsync(board.ElectionsAsync, list => Candidates(list) == 2);
        using var second = await Reporter.ConnectAsync(board);
        await second.LeadsAsync("node-1", 7, 60);
        await Wait.ForAsync(board.ElectionsAsync, list => Leader(list) == "node-1");

        first.Dispose();

        var left = await Wait.ForAsync(board.ElectionsAsync, list => Roles(list).Contains("gone"));
        Assert.Equal(["leader", "gone"], Roles(left));
        Assert.Equal("node-1", Leader(left));
    }

    [Fact]
    public async Task Leader_LeaseRunOut_IsBelievedNoLonger()
    {
        var time = new VirtualTime();
        await using var board = await BoardHost.StartAsync(time: time);
        using var reporter = await Reporter.ConnectAsync(board);
        await reporter.LeadsAsync("node-1", 7, leaseRemaining: 10);
        await Wait.ForAsync(board.ElectionsAsync, list => Leader(list) == "node-1");

        time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal("node-1", Leader(await board.ElectionsAsync()));
        time.Advance(TimeSpan.FromSeconds(0.1));

        var elections = await board.ElectionsAsync();
        Assert.Null(Leader(elections));
        Assert.Equal(["unknown"], Roles(elections));
    }

    [Fact]
    public async Task Leader_LeaseRunOut_IsSentToTheStream()
    {
        await using var board = await BoardHost.StartAsync();
        await using var events = await EventReader.OpenAsync(board);
        using var reporter = await Reporter.ConnectAsync(board);
        await reporter.LeadsAsync("node-1", 7, leaseRemaining: 0.5);
        await events.UntilAsync(list => Leader(list) == "node-1");

        await events.UntilAsync(list => Leader(list) is null);
    }

    [Fact]
    public async Task Leader_ReportedAgain_IsBelievedOn()
    {
        var time = new VirtualTime();
        await using var board = await BoardHost.StartAsync(time: time);
        using var reporter = await Reporter.ConnectAsync(board);
        await reporter.LeadsAsync("node-1", 7, leaseRemaining: 10);
        await Wait.ForAsync(board.ElectionsAsync, list => Leader(list) == "node-1");
        time.Advance(TimeSpan.FromSeconds(9));

        await reporter.LeadsAsync("node-1", 7, leaseRemaining: 10);
        // What follows on the same socket is taken in after it.
        await reporter.FollowsAsync("node-2");
        await Wait.ForAsync(board.ElectionsAsync, list => Candidates(list) == 2);
        time.Advance(TimeSpan.FromSeconds(9));

        Assert.Equal("node-1", Leader(await board.ElectionsAsync()));
    }

    [Fact]
    public async Task Leader_HigherTokenReported_IsTheOnlyOneFromThenOn()
    {
        await using var board = await BoardHost.StartAsync();
        using var old = await Reporter.ConnectAsync(board);
        using var next = await Reporter.ConnectAsync(board);
        await old.LeadsAsync("node-1", 7, 60);
        await Wait.ForAsync(board.ElectionsAsync, list => Leader(list) == "node-1");

        await next.LeadsAsync("node-2", 8, 60);
        var both = await Wait.ForAsync(board.ElectionsAsync, list => Leader(list) == "node-2");
        await next.FollowsAsync("node-2");
        var resigned = await Wait.ForAsync(board.ElectionsAsync, list => Leader(list) != "node-2");

        Assert.Equal(["unknown", "leader"], Roles(both));
        Assert.Null(Leader(resigned));
    }

    private static int Candidates(JsonElement list) => list.EnumerateArray().Sum(election => election.GetProperty("candidates").GetArrayLength());

    private static string? Leader(JsonElement list) =>
        list.EnumerateArray().Select(election => election.GetProperty("leader"))
            .FirstOrDefault(leader => leader.ValueKind == JsonValueKind.Object) is { ValueKind: JsonValueKind.Object } leader
            ? leader.GetProperty("candidate").GetString()
            : null;

    private static IEnumerable<string?> Roles(JsonElement list) =>
        list.EnumerateArray().SelectMany(election => election.GetProperty("candidates").EnumerateArray()).Select(candidate => candidate.GetProperty("role").GetString());
}
