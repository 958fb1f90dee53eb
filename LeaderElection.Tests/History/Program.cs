using LeaderElection.Etcd;
using LeaderElection.FileSystem;
using LeaderElection.Leases;
using LeaderElection.Raft;
using LeaderElection.Redis;
using LeaderElection.Tests.Raft;
using LeaderElection.ZooKeeper;

namespace LeaderElection.Tests.History;

/// <summary>
/// A candidate as a process of its own: campaigns, writes to a fenced resource while it leads, and prints its history.
/// It resigns on SIGTERM and campaigns again; the test ends it.
/// </summary>
internal static class Program
{
    private static readonly Lock Output = new();

    /// <param name="args">strategy, endpoint, election, candidate (for raft also the member), lease in ms, port of the fenced resource; or what <see cref="Simulator"/> or <see cref="RaftVoters"/> takes.</param>
    public static async Task<int> Main(string[] args)
    {
        if (args is ["simulate" or "replay", _, ..] and { Length: < 4 })
            return Simulator.Main(args);
        if (args is [Fuzz.Fuzzer.Command, ..])
            return await Fuzz.Fuzzer.Main(args);
        if (args is [RaftVoters.Command, _, ..])
            return await RaftVoters.Main(args);
        if (args is not [var strategy, var endpoint, var electionName, var candidate, var lease, var port])
        {
            Console.Error.WriteLine("This is the candidate of the fault tests; run the tests with ./test or 'dotnet test'.");
            return 2;
        }
        await using var backend = CreateBackend(strategy, endpoint, candidate, TimeSpan.FromMilliseconds(int.Parse(lease)));
        var election = backend.CreateElection(electionName, candidate);
        using var resource = await FencedResource.ConnectAsync(int.Parse(port));
        while (true)
        {
            Record(candidate, EventKind.Campaigns, 0);
            var leadership = await election.CampaignAsync();
            Record(candidate, EventKind.Elected, leadership.FencingToken);
            leadership.Lost.UnsafeRegister(_ => Record(candidate, EventKind.Lost, leadership.FencingToken), null);
            await LeadAsync(candidate, leadership, resource);
        }
    }

    private static async Task LeadAsync(string candidate, Leadership leadership, FencedResource resource)
    {
        var token = leadership.FencingToken;
        while (true)
        {
            var until = HistoryEvent.Now + (long)(leadership.LeaseRemaining.TotalMilliseconds * 1e6);
            if (!leadership.IsValid)
                return;
            Record(candidate, EventKind.Believes, token, until);
            Record(candidate, EventKind.Sent, token);
            var highest = await resource.WriteAsync(token);
            if (highest != token)
                Record(candidate, EventKind.Refused, token, highest: highest);
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    private static IElectionBackend CreateBackend(string strategy, string endpoint, string candidate, TimeSpan lease)
    {
        if (strategy == "raft")
            return new RaftElectionBackend(RaftClusterFiles.Parse(endpoint, lease).Options(candidate));
        if (strategy == "redis")
            return new RedisElectionBackend(Timed(new RedisElectionOptions { ConnectionString = endpoint }));
        if (strategy == "etcd")
            return new EtcdElectionBackend(Timed(new EtcdElectionOptions { ConnectionString = endpoint }));
        if (strategy == "zookeeper")
            return new ZooKeeperElectionBackend(Timed(new ZooKeeperElectionOptions { ConnectionString = endpoint }));
        return new FileElectionBackend(Timed(new FileElectionOptions { Directory = endpoint }));

        T Timed<T>(T options)
            where T : LeaseOptions
        {
            options.LeaseDuration = lease;
            return options;
        }
    }

    private static void Record(string candidate, EventKind what, long token, long until = 0, long highest = 0)
    {
        var line = new HistoryEvent(HistoryEvent.Now, candidate, what, token, until, highest).ToString();
        lock (Output)
            Console.Out.WriteLine(line);
    }
}
