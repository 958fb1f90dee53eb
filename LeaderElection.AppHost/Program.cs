using LeaderElection.AppHost;
using Microsoft.Extensions.DependencyInjection;

if (!AppHostOptions.TryParse(args, out var options, out var exitCode))
    return exitCode;

var builder = DistributedApplication.CreateBuilder(options.AspireArguments);
var data = options.DataDirectory ?? Path.Combine(builder.AppHostDirectory, "data");

var board = builder.AddProject<Projects.LeaderElection_Board>("board", launchProfileName: null)
    .WithHttpEndpoint(port: options.BoardPort)
    .WithHttpHealthCheck("/health")
    .WithExternalHttpEndpoints()
    .WithIconName("Board")
    .WithEnvironment("ASPNETCORE_ENVIRONMENT", builder.Environment.EnvironmentName)
    .WithEnvironment("Board__DataDirectory", Path.Combine(data, "board"));

if (options.Strategies.Contains("file"))
{
    var folder = Path.Combine(data, "elections");
    var election = builder.AddElection("file-demo").InFolder(folder).WithLeaderCommands();
    builder.AddWorkers("file", election, board, options)
        .WithEnvironment("LeaderElection__Directory", folder);
}

AddElectionOn("redis", builder.AddRedisStore, ElectionExtensions.OnRedis);
AddElectionOn("etcd", builder.AddEtcdStore, ElectionExtensions.OnEtcd);
AddElectionOn("zookeeper", builder.AddZooKeeperStore, ElectionExtensions.OnZooKeeper);

builder.Services.AddHostedService<StartReport>();
builder.Build().Run();
return 0;

void AddElectionOn(
    string strategy,
    Func<string, string, StoreChoice, IResourceBuilder<IResourceWithConnectionString>?> addStore,
    Func<IResourceBuilder<ElectionResource>, IResourceBuilder<IResourceWithConnectionString>, IResourceBuilder<ElectionResource>> observe)
{
    if (!options.Strategies.Contains(strategy) || addStore(strategy, data, options.Stores) is not { } store)
        return;

    var election = observe(builder.AddElection($"{strategy}-demo"), store).WithLeaderCommands();
    builder.AddWorkers(strategy, election, board, options)
        .WithReference(store)
        .WaitFor(store);
}
