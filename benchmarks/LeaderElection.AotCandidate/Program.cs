using LeaderElection;
using LeaderElection.Etcd;
using LeaderElection.FileSystem;
using LeaderElection.Raft;
using LeaderElection.ZooKeeper;

// One candidate, small enough to be compiled ahead of time: prints LEADER and its token, resigns at a line on standard input.
if (args is not [var strategy, var endpoints, var election, var candidate])
{
    Console.Error.WriteLine("usage: LeaderElection.AotCandidate file|etcd|zookeeper|raft ENDPOINTS ELECTION CANDIDATE");
    return 2;
}
await using IElectionBackend? backend = strategy switch
{
    "file" => new FileElectionBackend(new FileElectionOptions { Directory = endpoints, CreateDirectory = true }),
    "etcd" => new EtcdElectionBackend(new EtcdElectionOptions { ConnectionString = endpoints }),
    "zookeeper" => new ZooKeeperElectionBackend(new ZooKeeperElectionOptions { ConnectionString = endpoints }),
    // The state lies in the working folder.
    "raft" => new RaftElectionBackend(new RaftElectionOptions { ConnectionString = endpoints, Member = candidate, LeaseDuration = TimeSpan.FromSeconds(1) }),
    _ => null,
};
if (backend is null)
{
    Console.Error.WriteLine($"strategy is '{strategy}'; allowed are file, etcd, zookeeper, raft");
    return 2;
}
await using var seat = backend.CreateElection(election, candidate);
var leadership = await seat.CampaignAsync();
Console.WriteLine($"LEADER {leadership.FencingToken}");
await Console.In.ReadLineAsync();
await leadership.ResignAsync();
Console.WriteLine("RESIGNED");
return 0;
