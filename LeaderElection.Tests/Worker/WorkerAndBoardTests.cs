using System.Text.Json;
using LeaderElection.Tests.Board;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Worker;

public sealed class WorkerAndBoardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Leader_WritesToTheLedgerUnderItsToken_AndReportsToTheBoard()
    {
        await using var board = await BoardHost.StartAsync();
        await using var worker = await StartAsync(board);
        var token = (await worker.WaitForRoleAsync("leader")).GetProperty("fencingToken").GetInt64();

        var ledger = await Eventually.GetAsync(() => board.LedgerAsync("my-service"), l => l.GetProperty("entries").GetArrayLength() > 1, "two entries");
        var entry = ledger.GetProperty("entries")[0];
        Assert.Equal(token, entry.GetProperty("fencingToken").GetInt64());
        Assert.Equal("node-1", entry.GetProperty("candidate").GetString());
        await Eventually.GetAsync(worker.ElectionAsync, e => e.GetProperty("ledger").GetProperty("accepted").GetInt64() > 1, "two accepted entries");

        await WaitForBoardRoleAsync(board, "leader");
        worker.Process.Terminate();
        Assert.Equal(0, await worker.Process.WaitForExitAsync());
        await Eventually.GetAsync(
            board.ElectionsAsync,
            e => e.EnumerateArray().All(one => one.GetProperty("leader").ValueKind == JsonValueKind.Null),
            "the board to show no leader");
    }

    [Fact]
    public async Task RefusedByTheLedger_EndsTheTerm_NamingBothTokens()
    {
        await using var board = await BoardHost.StartAsync();
        await using var worker = await StartAsync(board);
        var token = (await worker.WaitForRoleAsync("leader")).GetProperty("fencingToken").GetInt64();

        // Somebody who was elected later has written.
        (await board.AppendAsync("my-service", $"{token + 1}")).Dispose();

        await worker.Process.WaitForLineAsync($"the ledger refused token {token}, it has seen {token + 1}; the term ends");
        await worker.Process.WaitForLineAsync($">>> node-1 is no longer LEADER of my-service, token {token}");
        await worker.Process.WaitForLineAsync(
            line => line.Contains(">>> node-1 became LEADER of my-service", StringComparison.Ordinal) && !line.EndsWith($"token {token}", StringComparison.Ordinal),
            "a later term of node-1");
    }

    [Fact]
    public async Task LedgerThatSawHigherTokensOfAnEarlierEpoch_TakesTheEntriesOfThisOne()
    {
        await using var board = await BoardHost.StartAsync();
        (await board.AppendAsync("my-service", $"{long.MaxValue}", epoch: "1")).Dispose();

        await using var worker = await StartAsync(board, "--ledger-epoch", "2");

        await Eventually.GetAsync(worker.ElectionAsync, e => e.GetProperty("ledger").GetProperty("accepted").GetInt64() > 1, "two accepted entries");
        Assert.Equal(0, (await worker.ElectionAsync()).GetProperty("ledger").GetProperty("refused").GetInt64());
    }

    [Fact]
    public async Task UnreachableBoard_IsOneWarning_AndTheLeaderGoesOnLeading()
    {
        await using var worker = await WorkerProcess.StartAsync(
            _folder.Path, ["--node-id", "node-1", "--work-interval", "10ms", "--board", "http://127.0.0.1:1", "--status"]);

        await worker.Process.WaitForLineAsync("cannot write to the ledger at http://127.0.0.1:1/");
        await Eventually.TrueAsync(
            () => worker.Process.Lines.Count(l => l.Text.Contains(" LEADER    ", StringComparison.Ordinal)) >= 2, "two seconds of leading");

        Assert.Single(worker.Process.Lines, l => l.Text.Contains("cannot write to the ledger", StringComparison.Ordinal));
        Assert.Equal("leader", (await worker.ElectionAsync()).GetProperty("role").GetString());
    }

    private Task<WorkerProcess> StartAsync(BoardHost board, params string[] more) => WorkerProcess.StartAsync(
        _folder.Path,
        ["--node-id", "node-1", "--lock-name", "my-service", "--work-interval", "20ms", "--board", board.Client.BaseAddress!.ToString(), .. more]);

    private static Task WaitForBoardRoleAsync(BoardHost board, string role) => Eventually.GetAsync(
        board.ElectionsAsync,
        e => e.EnumerateArray().SelectMany(one => one.GetProperty("candidates").EnumerateArray()).Any(c => c.GetProperty("role").GetString() == role),
        $"the board to show a {role}");
}
