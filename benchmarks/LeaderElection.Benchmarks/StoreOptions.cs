using System.CommandLine;
using LeaderElection.Etcd;
using LeaderElection.FileSystem;
using LeaderElection.Redis;
using LeaderElection.ZooKeeper;

namespace LeaderElection.Benchmarks;

/// <summary>The options that every command has: which store, where, and the lease.</summary>
internal sealed class StoreOptions
{
    private readonly Option<string> _strategy = new("--strategy") { Required = true, Description = "file, redis, etcd or zookeeper" };
    private readonly Option<string> _endpoints = new("--endpoints") { Required = true, Description = "host:port of the server, or of several with commas between them; for file the folder" };
    private readonly Option<double> _lease = new("--lease") { DefaultValueFactory = _ => 5, Description = "lease, in seconds" };
    private readonly Option<string> _id = new("--id") { Required = true, Description = "candidate id" };

    public StoreOptions(Command command)
    {
        _strategy.AcceptOnlyFromAmong("file", "redis", "etcd", "zookeeper");
        command.Options.Add(_strategy);
        command.Options.Add(_endpoints);
        command.Options.Add(_lease);
        command.Options.Add(_id);
    }

    public string Id(ParseResult parsed) => parsed.GetRequiredValue(_id);

    public IElectionBackend CreateBackend(ParseResult parsed)
    {
        var lease = TimeSpan.FromSeconds(parsed.GetValue(_lease));
        var endpoints = parsed.GetRequiredValue(_endpoints);
        return parsed.GetRequiredValue(_strategy) switch
        {
            "redis" => new RedisElectionBackend(
                new RedisElectionOptions { ConnectionString = endpoints, LeaseDuration = lease }, new ErrorLogger<RedisElectionBackend>()),
            "etcd" => new EtcdElectionBackend(
                new EtcdElectionOptions { ConnectionString = endpoints, LeaseDuration = lease }, new ErrorLogger<EtcdElectionBackend>()),
            "zookeeper" => new ZooKeeperElectionBackend(
                new ZooKeeperElectionOptions { ConnectionString = endpoints, LeaseDuration = lease }, new ErrorLogger<ZooKeeperElectionBackend>()),
            _ => new FileElectionBackend(
                new FileElectionOptions { Directory = endpoints, CreateDirectory = true, LeaseDuration = lease }, new ErrorLogger<FileElectionBackend>()),
        };
    }
}
