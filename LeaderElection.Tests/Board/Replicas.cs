using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Worker;

namespace LeaderElection.Tests.Board;

/// <summary>Real worker processes of one election, which can be started again under their names.</summary>
internal sealed class Replicas(BoardHost board, string election) : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, WorkerProcess> _workers = [];

    public static async Task<Replicas> StartAsync(BoardHost board, string election, int count)
    {
        var replicas = new Replicas(board, election);
        await Task.WhenAll(Enumerable.Range(1, count).Select(i => replicas.StartAsync($"node-{i}")));
        await Wait.ForAsync(board.ElectionsAsync, list => list.EnumerateArray().Any(one =>
            one.GetProperty("leader").ValueKind == System.Text.Json.JsonValueKind.Object && one.GetProperty("candidates").GetArrayLength() == count));
        return replicas;
    }

    /// <summary>What an operator does.</summary>
    public async Task<string?> OperateAsync(string command, string candidate)
    {
        WorkerProcess? worker;
        lock (_workers)
            _workers.Remove(candidate, out worker);
        if (worker is not null)
        {
            worker.Process.Terminate();
            await worker.Process.WaitForExitAsync();
            await worker.DisposeAsync();
        }
        if (command != "stop")
            await StartAsync(candidate);
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers.Values)
            await worker.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StartAsync(string candidate)
    {
        // A lease that a worker on a busy machine can keep.
        var worker = await WorkerProcess.StartAsync(
            _folder.Path,
            ["--node-id", candidate, "--lock-name", election, "--lease-duration", "3s", "--work-interval", "50ms", "--board", board.Client.BaseAddress!.ToString()]);
        lock (_workers)
            _workers[candidate] = worker;
    }
}
