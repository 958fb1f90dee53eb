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

if (options.Strategies.Contains("redis") && builder.AddRedisStore("redis", data, options.Stores) is { } redis)
{
    var election = builder.AddElection("redis-demo").OnRedis(redis).WithLeaderCommands();
    builder.AddWorkers("redis", election, board, options)
        .WithReference(redis)
        .WaitFor(redis);
}

builder.Services.AddHostedService<StartReport>();
builder.Build().Run();
return 0;
