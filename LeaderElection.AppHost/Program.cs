using LeaderElection.AppHost;
using Microsoft.Extensions.DependencyInjection;

if (!AppHostOptions.TryParse(args, out var options, out var exitCode))
    return exitCode;

var builder = DistributedApplication.CreateBuilder(options.AspireArguments);
builder.StartProjectsFromBuildOutput();
var data = options.DataDirectory ?? Path.Combine(builder.AppHostDirectory, "data");

var board = builder.AddProject<Projects.LeaderElection_Board>("board", launchProfileName: null)
    .WithHttpEndpoint(port: options.BoardPort)
    .WithHttpHealthCheck("/health")
    .WithExternalHttpEndpoints()
    .WithIconName("Board")
    .WithEnvironment("ASPNETCORE_ENVIRONMENT", builder.Environment.EnvironmentName)
    .WithEnvironment("Board__DataDirectory", Path.Combine(data, "board"));
var access = board.WithAccess();

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

if (options.Strategies.Contains("raft") && builder.ExecutionContext.IsRunMode)
{
    var election = builder.AddElection("raft-demo").ThroughBoard(board, access, "raft").WithLeaderCommands();
    builder.AddRaftWorkers(election, board, options, Path.Combine(data, "raft"));
}

if (options.Scenario is null)
{
    builder.Services.AddHostedService<StartReport>();
    builder.Build().Run();
    return 0;
}

if (access.OperatorKey is null)
{
    Console.Error.WriteLine($"--scenario {options.Scenario}: scenarios do harm, so they run in Development only, not in {builder.Environment.EnvironmentName}");
    return 2;
}

builder.Services.AddSingleton(options);
builder.Services.AddSingleton<ScenarioRun>();
builder.Services.AddHostedService(services => services.GetRequiredService<ScenarioRun>());
var app = builder.Build();
var scenario = app.Services.GetRequiredService<ScenarioRun>();
app.Run();
return scenario.Passed ? 0 : 1;

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
