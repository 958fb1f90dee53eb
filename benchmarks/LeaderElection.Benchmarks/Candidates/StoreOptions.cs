using System.CommandLine;
using LeaderElection.Etcd;
using LeaderElection.FileSystem;
using LeaderElection.Raft;
using LeaderElection.Redis;
using LeaderElection.ZooKeeper;

namespace LeaderElection.Benchmarks.Candidates;

/// <summary>The options that every command has: which store, where, and the lease.</summary>
internal sealed class StoreOptions
{
    private readonly Option<string> _strategy = new("--strategy") { Required = true, Description = "file, redis, etcd, zookeeper or raft" };
    private readonly Option<string> _endpoints = new("--endpoints") { Required = true, Description = "host:port of the server, or of several with commas between them (redis: independent ones, of which a majority decides); for file the folder; for raft the members, as m0=host:port,…" };
    private readonly Option<double?> _lease = new("--lease") { Description = "lease, in seconds; by default 5, for raft 0.15 (the least election timeout)" };
    private readonly Option<string> _id = new("--id") { Required = true, Description = "candidate id; for raft also the member" };
    private readonly Option<string> _state = new("--state") { Description = "for raft: where members keep their votes; by default in the temporary folder" };

    public StoreOptions(Command command)
    {
        _strategy.AcceptOnlyFromAmong("file", "redis", "etcd", "zookeeper", "raft");
        command.Options.Add(_strategy);
        command.Options.Add(_endpoints);
        command.Options.Add(_lease);
        command.Options.Add(_id);
        command.Options.Add(_state);
    }

    public string Id(ParseResult parsed) => parsed.GetRequiredValue(_id);

    /// <param name="run">What tells runs apart: a raft member that is started again in the same run finds its state, in a new run it begins anew.</param>
    public IElectionBackend CreateBackend(ParseResult parsed, string run)
    {
        var isRaft = parsed.GetRequiredValue(_strategy) == "raft";
        var lease = TimeSpan.FromSeconds(parsed.GetValue(_lease) ?? (isRaft ? 0.15 : 5));
        var endpoints = parsed.GetRequiredValue(_endpoints);
        return parsed.GetRequiredValue(_strategy) switch
        {
            "redis" => new RedisElectionBackend(
                new RedisElectionOptions { ConnectionString = Independent(endpoints), LeaseDuration = lease }, new ErrorLogger<RedisElectionBackend>()),
            "etcd" => new EtcdElectionBackend(
                new EtcdElectionOptions { ConnectionString = endpoints, LeaseDuration = lease }, new ErrorLogger<EtcdElectionBackend>()),
            "zookeeper" => new ZooKeeperElectionBackend(
                new ZooKeeperElectionOptions { ConnectionString = endpoints, LeaseDuration = lease }, new ErrorLogger<ZooKeeperElectionBackend>()),
            "raft" => new RaftElectionBackend(
                new RaftElectionOptions
                {
                    ConnectionString = endpoints + ";cluster=benchmarks;secret=for-measurements-only",
                    Member = Id(parsed),
                    Directory = Path.Combine(parsed.GetValue(_state) ?? Path.Combine(Path.GetTempPath(), "leader-election-benchmarks"), run, Id(parsed)),
                    LeaseDuration = lease,
                },
                new ErrorLogger<RaftElectionBackend>()),
            _ => new FileElectionBackend(
                new FileElectionOptions { Directory = endpoints, CreateDirectory = true, LeaseDuration = lease }, new ErrorLogger<FileElectionBackend>()),
        };
    }

    /// <summary>Commas in a connection string of StackExchange.Redis are between the nodes of one deployment, and its settings.</summary>
    private static string Independent(string endpoints) => endpoints.Contains('=') ? endpoints : endpoints.Replace(',', ';');
}
