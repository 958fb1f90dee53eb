using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>Runs stores as servers that are installed on this machine, where it cannot run containers.</summary>
public static class NativeFallbackExtensions
{
    /// <summary>Runs the store as a container, or else as the <c>redis-server</c> of this machine.</summary>
    /// <remarks>What was set on the container, such as a volume, is for the container. Where the application is published it is always the container.</remarks>
    /// <param name="redis">The store.</param>
    /// <param name="dataDirectory">The folder for the native server's data, relative to the AppHost's; by default <c>data/NAME</c>.</param>
    /// <param name="choice">Which of them.</param>
    /// <returns>The store; <see langword="null"/> where this machine cannot run it. A row says so then, and what would help.</returns>
    public static IResourceBuilder<IResourceWithConnectionString>? OrNative(
        this IResourceBuilder<RedisResource> redis, string? dataDirectory = null, StoreChoice choice = StoreChoice.Auto) => redis.OrNative(
            [redis.Resource],
            dataDirectory,
            choice,
            NativeServer.Find("redis-server") is { } server ? (builder, name, folder) => builder.AddNativeRedis(name, server, folder) : null,
            "redis-server");

    /// <summary>Runs the store as a container, or else as the <c>etcd</c> of this machine, of one member.</summary>
    /// <inheritdoc cref="OrNative(IResourceBuilder{RedisResource}, string, StoreChoice)"/>
    /// <param name="etcd">The store.</param>
    /// <param name="dataDirectory">The folder for the native server's data, relative to the AppHost's; by default <c>data/NAME</c>.</param>
    /// <param name="choice">Which of them.</param>
    public static IResourceBuilder<IResourceWithConnectionString>? OrNative(
        this IResourceBuilder<EtcdResource> etcd, string? dataDirectory = null, StoreChoice choice = StoreChoice.Auto) => etcd.OrNative(
            etcd.Resource.Members,
            dataDirectory,
            choice,
            NativeServer.Find("etcd") is { } server ? (builder, name, folder) => builder.AddNativeEtcd(name, server, folder) : null,
            "etcd-server");

    /// <summary>Runs the store as a container, or else as the ZooKeeper of this machine, of one member.</summary>
    /// <inheritdoc cref="OrNative(IResourceBuilder{RedisResource}, string, StoreChoice)"/>
    /// <param name="zooKeeper">The store.</param>
    /// <param name="dataDirectory">The folder for the native server's data, relative to the AppHost's; by default <c>data/NAME</c>.</param>
    /// <param name="choice">Which of them.</param>
    public static IResourceBuilder<IResourceWithConnectionString>? OrNative(
        this IResourceBuilder<ZooKeeperResource> zooKeeper, string? dataDirectory = null, StoreChoice choice = StoreChoice.Auto) => zooKeeper.OrNative(
            zooKeeper.Resource.Members,
            dataDirectory,
            choice,
            NativeServer.Find("java") is { } java && NativeServer.FindZooKeeper() is { } jars
                ? (builder, name, folder) => builder.AddNativeZooKeeper(name, java, jars, folder)
                : null,
            "zookeeper");

    private static IResourceBuilder<IResourceWithConnectionString>? OrNative(
        this IResourceBuilder<IResourceWithConnectionString> container,
        IReadOnlyCollection<IResource> containers,
        string? dataDirectory,
        StoreChoice choice,
        Func<IDistributedApplicationBuilder, string, string, IResourceBuilder<IResourceWithConnectionString>>? addNative,
        string package)
    {
        var builder = container.ApplicationBuilder;
        var name = container.Resource.Name;
        if (builder.ExecutionContext.IsPublishMode || choice == StoreChoice.Container)
            return container;

        if (choice == StoreChoice.Auto && ContainerRuntime.Find(builder.Configuration) is { } runtime)
        {
            // Where there is nothing to fall back to, the orchestrator pulls the image while the rest starts.
            if (addNative is null || runtime.TryGet(ImageOf(container.Resource), out var trouble))
                return container;
            Console.WriteLine($"{name} is the server installed here, not a container: {trouble}");
        }

        builder.Remove(containers);

        var folder = Path.GetFullPath(dataDirectory ?? Path.Combine("data", name), builder.AppHostDirectory);
        if (choice != StoreChoice.None && addNative is not null)
            return addNative(builder, name, folder);

        var remedy = choice == StoreChoice.None ? "run without --stores none" : $"apt-get install {package}";
        builder.AddMissingServer(name, remedy);
        Console.WriteLine($"{name} is not available, so its workers are left out; to have them: {remedy}");
        return null;
    }

    private static void Remove(this IDistributedApplicationBuilder builder, IReadOnlyCollection<IResource> containers)
    {
        foreach (var resource in containers)
            builder.Resources.Remove(resource);

        // Their health checks, too: the server that takes their place has some of the same names.
        var checks = containers.SelectMany(resource => resource.Annotations.OfType<HealthCheckAnnotation>()).Select(check => check.Key).ToHashSet();
        builder.Services.Configure<HealthCheckServiceOptions>(options =>
        {
            foreach (var registration in options.Registrations.Where(registration => checks.Contains(registration.Name)).ToList())
                options.Registrations.Remove(registration);
        });
    }

    /// <summary>The name in full of the image that a container is made of: registry, name and tag.</summary>
    internal static string ImageOf(IResource container)
    {
        var image = container.Annotations.OfType<ContainerImageAnnotation>().Last();
        var name = image.Registry is null ? image.Image : $"{image.Registry}/{image.Image}";
        return image.SHA256 is { } digest ? $"{name}@sha256:{digest}" : $"{name}:{image.Tag}";
    }
}
