using LeaderElection.Raft;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Raft;

/// <summary>Members that only vote, in a process of their own.</summary>
internal static class RaftVoters
{
    public const string Command = "voters";

    /// <summary>Starts the first members of each cluster; prints READY when they see each other.</summary>
    public static ChildProcess Start(int count, IEnumerable<RaftClusterFiles> clusters) => ChildProcess.Start(
        "dotnet", [typeof(RaftVoters).Assembly.Location, Command, $"{count}", .. clusters.Select(c => c.Description)]);

    public static async Task<int> MainAsync(string[] args)
    {
        var backends = (from description in args[2..]
                        let cluster = RaftClusterFiles.Parse(description)
                        from member in Enumerable.Range(0, int.Parse(args[1]))
                        select new RaftElectionBackend(cluster.Options(member))).ToArray();
        await Task.WhenAll(backends.Select(async b =>
        {
            await b.StartAsync();
            await Eventually.GetAsync(
                () => Task.FromResult(b.GetStatus().Peers.Count(p => p.IsConnected)), links => links >= int.Parse(args[1]) - 1, "the links");
        }));
        Console.WriteLine("READY");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
        return 0;
    }
}
