using LeaderElection.AppHost.Board;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.App;

public sealed class BoardElectionTests
{
    private const string Nobody = """[{"name":"demo","strategy":"raft","leader":null,"candidates":[],"more":1}]""";
    private const string OfAnotherStrategy = """[{"name":"demo","strategy":"file","leader":{"candidate":"x","fencingToken":9},"candidates":[]}]""";

    [Fact]
    public async Task ObserveAsync_TellsEachChangeOfTheElection_AndTheEndOfTheStreamAsTrouble()
    {
        await using var board = await BoardStub.StartAsync();
        await using var backend = new BoardElectionBackend(new BoardAccess(() => board.Address, isOperator: false), "raft");
        await using var election = backend.CreateElection("demo", "observer");
        await using var leaders = election.ObserveAsync().GetAsyncEnumerator();

        board.Tell("[]");
        Assert.Null(await NextAsync(leaders));
        foreach (var list in new[] { Nobody, OfAnotherStrategy, LedBy("a", 3), LedBy("a", 3), LedBy("b", 4), Nobody })
            board.Tell(list);
        Assert.Equal(new LeaderInfo("a", 3, new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)), await NextAsync(leaders));
        Assert.Equal("b", (await NextAsync(leaders))?.CandidateId);
        Assert.Null(await NextAsync(leaders));

        board.EndStream();
        var trouble = await Assert.ThrowsAsync<ElectionStoreException>(() => NextAsync(leaders));
        Assert.Equal("the board has gone: its stream has ended", trouble.Message);
    }

    [Fact]
    public async Task ObserveAsync_NoBoard_IsOneLineThatNamesIt()
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        await using var backend = new BoardElectionBackend(new BoardAccess(() => address, isOperator: false), "raft");
        await using var leaders = backend.CreateElection("demo", "observer").ObserveAsync().GetAsyncEnumerator();

        var trouble = await Assert.ThrowsAsync<ElectionStoreException>(() => NextAsync(leaders));

        Assert.StartsWith($"the board at {address} is out of reach: ", trouble.Message, StringComparison.Ordinal);
        Assert.Single(trouble.Message.Split('\n'));
    }

    [Fact]
    public async Task ObserveAsync_NoListOfElections_IsTrouble()
    {
        await using var board = await BoardStub.StartAsync();
        await using var backend = new BoardElectionBackend(new BoardAccess(() => board.Address, isOperator: false), "raft");
        await using var leaders = backend.CreateElection("demo", "observer").ObserveAsync().GetAsyncEnumerator();

        board.Tell("""{"oops":1}""");

        await Assert.ThrowsAsync<ElectionStoreException>(() => NextAsync(leaders));
    }

    private static string LedBy(string candidate, long token) =>
        $$"""[{"name":"demo","strategy":"raft","leader":{"candidate":"{{candidate}}","fencingToken":{{token}},"since":"2026-01-01T00:00:00+00:00"},"candidates":[]}]""";

    private static async Task<LeaderInfo?> NextAsync(IAsyncEnumerator<LeaderInfo?> leaders)
    {
        Assert.True(await leaders.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
        return leaders.Current;
    }
}
