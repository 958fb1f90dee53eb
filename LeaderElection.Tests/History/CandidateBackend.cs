using LeaderElection.Etcd;
using LeaderElection.FileSystem;
using LeaderElection.Leases;
using LeaderElection.Raft;
using LeaderElection.Redis;
using LeaderElection.Tests.Conformance;
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
    /// <param name="configure">Changes the options.</param>
    /// <param name="log">Where it logs.</param>
    public static IElectionBackend Create(
        string strategy, string endpoint, string candidate, TimeSpan lease, TimeProvider? time = null, Func<string, bool>? isCutOffFrom = null,
        Action<LeaseOptions>? configure = null, LineLogger? log = null)
    {
        switch (strategy)
        {
            case "raft":
                var raft = RaftClusterFiles.Parse(endpoint, lease).Options(candidate);
                raft.IsCutOffFrom = isCutOffFrom;
                configure?.Invoke(raft);
                return new RaftElectionBackend(raft, log?.For<RaftElectionBackend>(), time);
            case "redis" or "redis3":
                return new RedisElectionBackend(Timed(new RedisElectionOptions { ConnectionString = endpoint }), log?.For<RedisElectionBackend>(), time);
            case "etcd":
                return new EtcdElectionBackend(Timed(new EtcdElectionOptions { ConnectionString = endpoint }), log?.For<EtcdElectionBackend>(), time);
            case "zookeeper":
                return new ZooKeeperElectionBackend(Timed(new ZooKeeperElectionOptions { ConnectionString = endpoint }), log?.For<ZooKeeperElectionBackend>(), time);
            default:
                return new FileElectionBackend(Timed(new FileElectionOptions { Directory = endpoint }), log?.For<FileElectionBackend>(), time);
        }

        T Timed<T>(T options)
            where T : LeaseOptions
        {
            options.LeaseDuration = lease;
            configure?.Invoke(options);
            return options;
        }
    }
}
