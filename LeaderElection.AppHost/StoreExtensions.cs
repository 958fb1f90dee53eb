using LeaderElection.Hosting;

namespace LeaderElection.AppHost;

internal static class StoreExtensions
{
    public static IResourceBuilder<IResourceWithConnectionString>? AddRedisStore(
        this IDistributedApplicationBuilder builder, string name, string dataDirectory, StoreChoice choice) => builder.AddStore(
            name,
            choice,
            // A volume and quick snapshots: fencing tokens must not start over when the container does.
            () => builder.AddRedis(name).WithDataVolume().WithPersistence(TimeSpan.FromSeconds(1), keysChangedThreshold: 1),
            () => NativeServer.Find("redis-server") is { } server ? builder.AddNativeRedis(name, server, Path.Combine(dataDirectory, name)) : null,
            "redis-server");

    public static IResourceBuilder<IResourceWithConnectionString>? AddEtcdStore(
        this IDistributedApplicationBuilder builder, string name, string dataDirectory, StoreChoice choice) => builder.AddStore(
            name,
            choice,
            () => builder.AddEtcd(name).WithDataVolume(),
            () => NativeServer.Find("etcd") is { } server ? builder.AddNativeEtcd(name, server, Path.Combine(dataDirectory, name)) : null,
            "etcd-server");

    public static IResourceBuilder<IResourceWithConnectionString>? AddZooKeeperStore(
        this IDistributedApplicationBuilder builder, string name, string dataDirectory, StoreChoice choice) => builder.AddStore(
            name,
            choice,
            () => builder.AddZooKeeper(name).WithDataVolume(),
            () => NativeServer.Find("java") is { } java && NativeServer.FindZooKeeper() is { } jars
                ? builder.AddNativeZooKeeper(name, java, jars, Path.Combine(dataDirectory, name))
                : null,
            "zookeeper");

    /// <summary>Adds a store in the way that was asked for and that this machine can run, or a row that says it is missing.</summary>
    private static IResourceBuilder<IResourceWithConnectionString>? AddStore(
        this IDistributedApplicationBuilder builder,
        string name,
        StoreChoice choice,
        Func<IResourceBuilder<IResourceWithConnectionString>> container,
        Func<IResourceBuilder<IResourceWithConnectionString>?> native,
        string package)
    {
        var appHost = builder.AppHostAssembly;
        if (choice == StoreChoice.Container ? ContainerRuntime.HasOrchestrator(appHost) : choice == StoreChoice.Auto && ContainerRuntime.IsAvailable(appHost))
            return container();

        if (choice is StoreChoice.Auto or StoreChoice.Native && native() is { } server)
            return server;

        var remedy = choice switch
        {
            StoreChoice.None => "run without --stores none",
            StoreChoice.Container => "--stores native, as this build has no orchestrator for containers",
            _ => $"apt-get install {package}",
        };
        builder.AddMissingServer(name, remedy);
        Console.WriteLine($"{name} is not available, so its workers are left out; to have them: {remedy}");
        return null;
    }
}
