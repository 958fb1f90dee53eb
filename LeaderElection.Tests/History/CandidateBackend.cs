using LeaderElection.Etcd;
using LeaderElection.FileSystem;
using LeaderElection.Leases;
using LeaderElection.Raft;
using LeaderElection.Redis;
using LeaderElection.Tests.Raft;
using LeaderElection.ZooKeeper;

namespace LeaderElection.Tests.History;

/// <summary>The backend of a candidate process, as its command line names it.</summary>
internal static class CandidateBackend
{
    /// <param name="strategy">The strategy.</param>
    /// <param name="endpoint">Where its store is; for raft what <see cref="RaftClusterFiles.Description"/> says.</param>
    /// <param name="candidate">Its name; for raft also the member's.</param>
    /// <param name="lease">The lease.</param>
    /// <param name="time">Where time comes from.</param>
    /// <param name="isCutOffFrom">For raft: the members that it does not hear, and that do not hear it.</param>
    public static IElectionBackend Create(
        string strategy, string endpoint, string candidate, TimeSpan lease, TimeProvider? time = null, Func<string, bool>? isCutOffFrom = null)
    {
        switch (strategy)
        {
            case "raft":
                var raft = RaftClusterFiles.Parse(endpoint, lease).Options(candidate);
                raft.IsCutOffFrom = isCutOffFrom;
                return new RaftElectionBackend(raft, time: time);
            case "redis":
                return new RedisElectionBackend(Timed(new RedisElectionOptions { ConnectionString = endpoint }), time: time);
            case "etcd":
                return new EtcdElectionBackend(Timed(new EtcdElectionOptions { ConnectionString = endpoint }), time: time);
            case "zookeeper":
                return new ZooKeeperElectionBackend(Timed(new ZooKeeperElectionOptions { ConnectionString = endpoint }), time: time);
            default:
                return new FileElectionBackend(Timed(new FileElectionOptions { Directory = endpoint }), time: time);
        }

        T Timed<T>(T options)
            where T : LeaseOptions
        {
            options.LeaseDuration = lease;
            return options;
        }
    }
}
