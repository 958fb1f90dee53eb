using LeaderElection.Hosting;

namespace LeaderElection.AppHost;

internal static class StoreExtensions
{
    /// <summary>Adds Redis in the way that was asked for and that this machine can run, or a row that says it is missing.</summary>
    public static IResourceBuilder<IResourceWithConnectionString>? AddRedisStore(
        this IDistributedApplicationBuilder builder, string name, string dataDirectory, StoreChoice choice)
    {
        var appHost = builder.AppHostAssembly;
        if (choice == StoreChoice.Container ? ContainerRuntime.HasOrchestrator(appHost) : choice == StoreChoice.Auto && ContainerRuntime.IsAvailable(appHost))
        {
            // A volume and quick snapshots: fencing tokens must not start over when the container does.
            return builder.AddRedis(name).WithDataVolume().WithPersistence(TimeSpan.FromSeconds(1), keysChangedThreshold: 1);
        }

        if (choice is StoreChoice.Auto or StoreChoice.Native && NativeServer.Find("redis-server") is { } server)
            return builder.AddNativeRedis(name, server, Path.Combine(dataDirectory, name));

        var remedy = choice switch
        {
            StoreChoice.None => "run without --stores none",
            StoreChoice.Container => "--stores native, as this build has no orchestrator for containers",
            _ => "apt-get install redis-server",
        };
        builder.AddMissingServer(name, remedy);
        Console.WriteLine($"{name} is not available, so its workers are left out; to have them: {remedy}");
        return null;
    }
}
