using System.Text.Json;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Worker;

/// <summary>The workers of a test that are the members of a raft cluster, m0 and so on.</summary>
internal sealed class RaftWorkers : IAsyncDisposable
{
    private readonly List<WorkerProcess> _members = [];

    public IReadOnlyList<WorkerProcess> Members => _members;

    public static async Task<RaftWorkers> StartAsync(string folder, int count = 3, params string[] arguments)
    {
        var cluster = new RaftWorkers();
        var addresses = string.Join(',', Enumerable.Range(0, count).Select(i => $"m{i}=127.0.0.1:{FreePort.Next()}"));
        try
        {
            var starting = Enumerable.Range(0, count).Select(i => WorkerProcess.StartAsync(
                folder,
                // Long enough that a busy machine does not take leadership away from a member that is well.
                ["--lease-duration", "1s", "--strategy", "raft", "--raft", $"{addresses};secret=of-this-test-only", "--member", $"m{i}", "--node-id", $"node-{i}", .. arguments]));
            cluster._members.AddRange(await Task.WhenAll(starting));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until one leads, under a token higher than the one given.</summary>
    public async Task<(int Member, long Token)> LeaderAsync(long after = 0)
    {
        var (member, election) = await Eventually.GetAsync(
            async () =>
            {
                foreach (var (i, worker) in _members.Index().Where(one => !one.Item.Process.HasExited))
                {
                    if (await worker.ElectionAsync() is var state && Role(state) == "leader" && state.GetProperty("fencingToken").GetInt64() > after)
                        return (i, state);
                }
                return (-1, default);
            },
            found => found.Item1 >= 0,
            $"a leader after token {after}");
        return (member, election.GetProperty("fencingToken").GetInt64());
    }

    public static string? Role(JsonElement election) => election.GetProperty("role").GetString();

    public async ValueTask DisposeAsync() => await Task.WhenAll(_members.Select(member => member.DisposeAsync().AsTask()));
}
