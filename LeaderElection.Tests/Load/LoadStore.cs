using LeaderElection.Tests.Conformance;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Raft;

namespace LeaderElection.Tests.Load;

/// <summary>A strategy's store for candidates that are processes of their own: a place to find, and to take away. Raft has none: its members are the candidates.</summary>
internal sealed class LoadStore : IAsyncDisposable
{
    private readonly Store? _store;
    private readonly TemporaryFolder? _members;

    private LoadStore(string strategy, string endpoint, Store? store, TemporaryFolder? members = null) =>
        (Strategy, Endpoint, _store, _members) = (strategy, endpoint, store, members);

    public static IReadOnlyList<string> AllStrategies { get; } = ["file", "redis", "redis3", "etcd", "zookeeper", "raft"];

    /// <summary>The strategy as a candidate process knows it.</summary>
    public string Strategy { get; }

    public string Endpoint { get; }

    public bool HasServer => _store is not null;

    public static async Task<LoadStore> StartAsync(string strategy, int candidates, TimeSpan lease)
    {
        switch (strategy)
        {
            case "file":
                var file = new FileStore();
                return new LoadStore(strategy, file.Folder, file);
            case "redis":
                var redis = await RedisStore.StartNewAsync();
                return new LoadStore(strategy, redis.Server.Endpoint, redis);
            case "redis3":
                var majority = await RedisMajorityStore.StartNewAsync();
                return new LoadStore("redis", majority.ConnectionString, majority);
            case "etcd":
                var etcd = await EtcdStore.StartNewAsync();
                return new LoadStore(strategy, etcd.Server.Endpoint, etcd);
            case "zookeeper":
                var zooKeeper = await ZooKeeperStore.StartNewAsync();
                return new LoadStore(strategy, zooKeeper.Server.Endpoint, zooKeeper);
            case "raft":
                var folder = new TemporaryFolder();
                return new LoadStore(strategy, new RaftClusterFiles(folder.Path, candidates, lease).Description, null, folder);
            default:
                throw new ArgumentException($"there is no strategy '{strategy}'");
        }
    }

    /// <summary>Takes it away as a power cut would; a folder is moved.</summary>
    public Task StopAsync() => _store!.StopAsync();

    /// <summary>Brings it back, with all its data. Returns once it serves.</summary>
    public Task StartAsync() => _store!.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync();
        _members?.Dispose();
    }
}
