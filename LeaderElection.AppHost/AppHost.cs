using LeaderElection.AppHost;

// What to run and how: from the command line, appsettings.json or the environment. See --help.
if (!AppHostOptions.TryCreateBuilder(args, out var builder, out var options, out var exitCode))
    return exitCode;

builder.StartProjectsFromBuildOutput();

// The page that shows every election, and the ledger that the leaders write to.
var board = builder.AddProject<Projects.LeaderElection_Board>("board", launchProfileName: null)
    .WithHttpEndpoint(port: options.BoardPort)
    .WithExternalHttpEndpoints()
    .WithHttpHealthCheck("/health")
    .WithIconName("Board")
    .WithSameEnvironment()
    .WithDataDirectory(options.Folder("board"))
    .WithOperator();

// In a folder that all replicas share.
if (options.Has("file"))
    AddWorkers(builder.AddElection("file-demo").InFolder(options.Folder("elections")));

// On a store, in a container or as a server of this machine. What it knows outlives it: fencing tokens must not start over.
if (options.Has("redis") && builder.AddRedis("redis").WithDataVolume(options.Volume("redis")).WithPersistence(TimeSpan.FromSeconds(1), 1)
        .OrNative(options.Folder("redis"), options.Stores) is { } redis)
    AddWorkers(builder.AddElection("redis-demo").On(redis));

if (options.Has("etcd") && builder.AddEtcd("etcd").WithDataVolume(options.Volume("etcd"))
        .OrNative(options.Folder("etcd"), options.Stores) is { } etcd)
    AddWorkers(builder.AddElection("etcd-demo").On(etcd));

if (options.Has("zookeeper") && builder.AddZooKeeper("zookeeper").WithDataVolume(options.Volume("zookeeper"))
        .OrNative(options.Folder("zookeeper"), options.Stores) is { } zooKeeper)
    AddWorkers(builder.AddElection("zookeeper-demo").On(zooKeeper));

// Among the replicas themselves.
if (options.Has("raft"))
    AddWorkers(builder.AddElection("raft-demo").OnRaft(builder.AddRaftCluster("raft", options.Folder("raft"))));

return builder.RunDemonstration(options);

// The replicas that campaign in an election. A member of raft is a resource of its own, as it has an address of its own.
void AddWorkers(IResourceBuilder<ElectionResource> election)
{
    var strategy = election.Resource.Strategy!;
    election.WithLeaseDuration(options.LeaseOf(strategy)).WithLeaderCommands();
    if (strategy != "raft")
        AddWorker($"{strategy}-worker", election).WithReplicas(options.ReplicasOf(strategy));
    else
        for (var member = 0; member < options.ReplicasOf(strategy); member++)
            AddWorker($"raft-m{member}", election);
}

IResourceBuilder<ProjectResource> AddWorker(string name, IResourceBuilder<ElectionResource> election) => builder
    .AddProject<Projects.LeaderElection_Worker>(name, launchProfileName: null)
    .WithHttpEndpoint()
    .WithHttpHealthCheck("/health")
    .WithSameEnvironment()
    .WithReference(board)
    .WithLedgerEpoch()
    .WaitFor(board)
    .WithReference(election);
