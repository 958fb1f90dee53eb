namespace LeaderElection.Benchmarks.Stores;

/// <summary>Which strategies there are, what each needs on the machine, and how its store is started.</summary>
internal static class StoreCatalog
{
    public static IReadOnlyList<string> Strategies { get; } = ["file", "redis", "etcd", "zookeeper", "raft"];

    /// <summary>The line that installs a strategy's server; null where it is there, or none is needed.</summary>
    public static string? Missing(string strategy) => strategy switch
    {
        "redis" when !OnPath("redis-server") => "apt-get install redis-server redis-tools",
        "etcd" when !OnPath("etcd") => "apt-get install etcd-server etcd-client",
        "zookeeper" when !OnPath("java") => "apt-get install default-jre-headless libzookeeper-java",
        "zookeeper" when Environment.GetEnvironmentVariable("ZOOKEEPER_HOME") is not { Length: > 0 } && !File.Exists("/usr/share/java/zookeeper.jar") =>
            "apt-get install libzookeeper-java, or set ZOOKEEPER_HOME to a ZooKeeper release",
        _ => null,
    };

    /// <param name="endpoints">Of a store that runs already; null to start one.</param>
    /// <param name="members">How many servers etcd and ZooKeeper have.</param>
    /// <param name="flushes">Whether Redis flushes each write to disk.</param>
    public static async Task<Store> StartAsync(string strategy, string? endpoints, int members, bool flushes) => strategy switch
    {
        "file" => new FileStore(),
        "redis" => await RedisStore.StartAsync(endpoints, flushes ? [] : ["--appendonly", "no"]),
        "etcd" => await EtcdStore.StartAsync(endpoints, members),
        "zookeeper" => await ZooKeeperStore.StartAsync(endpoints, members),
        _ => new RaftStore(),
    };

    public static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, program)));
}
