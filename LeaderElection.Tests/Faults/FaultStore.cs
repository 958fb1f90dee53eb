using LeaderElection.Tests.Conformance;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Raft;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Faults;

/// <summary>A real store for candidates that are processes of their own.</summary>
internal sealed class FaultStore : IAsyncDisposable
{
    private readonly IAsyncDisposable? _server;
    private readonly TemporaryFolder? _folder;

    private FaultStore(IAsyncDisposable? server, TemporaryFolder? folder, string endpoint) => (_server, _folder, Endpoint) = (server, folder, endpoint);

    public RedisServer? Redis => _server as RedisServer;

    /// <summary>What a candidate's command line says.</summary>
    public string Endpoint { get; }

    /// <param name="strategy">The strategy.</param>
    /// <param name="lease">The lease, which the members of a raft cluster must agree on.</param>
    public static async Task<FaultStore> StartAsync(string strategy, TimeSpan lease)
    {
        switch (strategy)
        {
            case "redis":
                var redis = await RedisServer.StartNewAsync();
                return new FaultStore(redis, null, redis.Endpoint);
            case "redis3":
                var majority = await RedisMajorityStore.StartNewAsync();
                return new FaultStore(majority, null, majority.ConnectionString);
            case "etcd":
                var etcd = await EtcdServer.StartNewAsync();
                return new FaultStore(etcd, null, etcd.Endpoint);
            case "zookeeper":
                var zookeeper = await ZooKeeperServer.StartNewAsync();
                return new FaultStore(zookeeper, null, zookeeper.Endpoint);
            default:
                var folder = new TemporaryFolder();
                return new FaultStore(null, folder, strategy == "raft" ? new RaftClusterFiles(folder.Path, 3, lease).Description : folder.Path);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _folder?.Dispose();
    }
}
