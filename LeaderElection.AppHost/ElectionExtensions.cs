using LeaderElection.AppHost.Board;
using LeaderElection.Etcd;
using LeaderElection.FileSystem;
using LeaderElection.Redis;
using LeaderElection.ZooKeeper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LeaderElection.AppHost;

internal static class ElectionExtensions
{
    /// <summary>Observes the election in the folder that its candidates share.</summary>
    public static IResourceBuilder<ElectionResource> InFolder(this IResourceBuilder<ElectionResource> election, string folder) => election
        .ObservedThrough((services, _) => Task.FromResult<IElectionBackend>(new FileElectionBackend(
            new() { Directory = folder, CreateDirectory = true }, services.GetService<ILogger<FileElectionBackend>>())));

    /// <summary>Observes the election on the Redis server that its candidates use.</summary>
    public static IResourceBuilder<ElectionResource> OnRedis(
        this IResourceBuilder<ElectionResource> election, IResourceBuilder<IResourceWithConnectionString> redis) => election
        .On(redis, (services, connectionString) => new RedisElectionBackend(
            new() { ConnectionString = connectionString }, services.GetService<ILogger<RedisElectionBackend>>()));

    /// <summary>Observes the election on the etcd cluster that its candidates use.</summary>
    public static IResourceBuilder<ElectionResource> OnEtcd(
        this IResourceBuilder<ElectionResource> election, IResourceBuilder<IResourceWithConnectionString> etcd) => election
        .On(etcd, (services, connectionString) => new EtcdElectionBackend(
            new() { ConnectionString = connectionString }, services.GetService<ILogger<EtcdElectionBackend>>()));

    /// <summary>Observes the election on the ZooKeeper ensemble that its candidates use.</summary>
    public static IResourceBuilder<ElectionResource> OnZooKeeper(
        this IResourceBuilder<ElectionResource> election, IResourceBuilder<IResourceWithConnectionString> zooKeeper) => election
        .On(zooKeeper, (services, connectionString) => new ZooKeeperElectionBackend(
            new() { ConnectionString = connectionString }, services.GetService<ILogger<ZooKeeperElectionBackend>>()));

    /// <summary>Observes an election that has no store through the board, to which its candidates report.</summary>
    public static IResourceBuilder<ElectionResource> ThroughBoard(
        this IResourceBuilder<ElectionResource> election, IResourceBuilder<ProjectResource> board, BoardAccess access, string strategy) => election
        .WaitFor(board)
        .ObservedThrough((_, _) => Task.FromResult<IElectionBackend>(new BoardElectionBackend(access, strategy)));

    /// <summary>Adds what can be done to a leader; what does harm, in Development only, as the workers offer it there only.</summary>
    public static IResourceBuilder<ElectionResource> WithLeaderCommands(this IResourceBuilder<ElectionResource> election)
    {
        election.WithLeaderCommand("step-down", "Step down", "/election/resign", "stepped down", new()
        {
            Description = "Step down: the leader ends its work and hands over at once.",
            IconName = "ArrowStepOut",
            IsHighlighted = true,
        });
        if (!election.ApplicationBuilder.Environment.IsDevelopment())
            return election;

        return election
            .WithLeaderCommand("crash-leader", "Crash leader", "/faults/crash", "crashed", new()
            {
                Description = "The leader's process ends as by kill -9, without handing over.",
                ConfirmationMessage = "Kill the leader's process? It stays down until it is started again.",
                IconName = "Flash",
            })
            .WithLeaderCommand("freeze-leader", "Freeze leader 15 s", "/faults/freeze?for=15s", "is frozen for 15 s", new()
            {
                Description = "The leader neither renews its lease nor works, as in a long pause of its process.",
                ConfirmationMessage = "Freeze the leader for 15 seconds? It is replaced when its lease has run out.",
                IconName = "WeatherSnowflake",
            });
    }

    private static IResourceBuilder<ElectionResource> On(
        this IResourceBuilder<ElectionResource> election,
        IResourceBuilder<IResourceWithConnectionString> store,
        Func<IServiceProvider, string?, IElectionBackend> open) => election
        .WaitFor(store)
        .ObservedThrough(async (services, cancellationToken) => open(services, await store.Resource.GetConnectionStringAsync(cancellationToken)));
}
