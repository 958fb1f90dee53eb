using Aspire.Hosting.ApplicationModel;
using LeaderElection;
using LeaderElection.Etcd;
using LeaderElection.FileSystem;
using LeaderElection.Hosting;
using LeaderElection.Redis;
using LeaderElection.ZooKeeper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>Says what an election is held on.</summary>
public static class ElectionPlaceExtensions
{
    /// <summary>Holds the election on a store: Redis, etcd or ZooKeeper, in a container, as a process, or anywhere else.</summary>
    /// <param name="builder">The election.</param>
    /// <param name="store">The store that the candidates use.</param>
    /// <param name="strategy">
    /// How it is spoken to: <c>redis</c>, <c>etcd</c> or <c>zookeeper</c>. Told from the resource where that is one of
    /// <c>AddRedis</c>, <c>AddEtcd</c>, <c>AddZooKeeper</c> or their native forms; to be given for others, such as one of
    /// <c>AddConnectionString</c>.
    /// </param>
    /// <returns>The resource's builder.</returns>
    /// <exception cref="ArgumentException">The strategy is none of these, or cannot be told from the resource.</exception>
    /// <exception cref="InvalidOperationException">The election is held on something already.</exception>
    public static IResourceBuilder<ElectionResource> On(
        this IResourceBuilder<ElectionResource> builder, IResourceBuilder<IResourceWithConnectionString> store, string? strategy = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(store);

        var resource = store.Resource;
        var known = strategy ?? StrategyOf(resource)
            ?? throw new ArgumentException($"'{resource.Name}' is not known to be a Redis, etcd or ZooKeeper: say what it is, as in On({resource.Name}, \"redis\").", nameof(store));
        Func<IServiceProvider, string?, IElectionBackend> open = known switch
        {
            "redis" => (services, address) => new RedisElectionBackend(new() { ConnectionString = address }, services.GetService<ILogger<RedisElectionBackend>>()),
            "etcd" => (services, address) => new EtcdElectionBackend(new() { ConnectionString = address }, services.GetService<ILogger<EtcdElectionBackend>>()),
            "zookeeper" => (services, address) => new ZooKeeperElectionBackend(new() { ConnectionString = address }, services.GetService<ILogger<ZooKeeperElectionBackend>>()),
            _ => throw new ArgumentException($"The strategy of '{builder.Resource.Name}' is '{known}'; on a store it can be redis, etcd or zookeeper.", nameof(strategy)),
        };
        builder.Resource.Store = resource;
        return builder
            .HeldBy(known)
            .WaitFor(store)
            .WithReferenceRelationship(resource)
            .ObservedThrough(async (services, cancellationToken) => open(services, await resource.GetConnectionStringAsync(cancellationToken).ConfigureAwait(false)));
    }

    /// <summary>Holds the election in a folder of this machine that all candidates share.</summary>
    /// <remarks>Where the application is published, the folder is a parameter, <c>NAME-folder</c>: a path of this machine means nothing elsewhere.</remarks>
    /// <param name="builder">The election.</param>
    /// <param name="folder">The folder, relative to the AppHost's; made if missing.</param>
    /// <returns>The resource's builder.</returns>
    /// <exception cref="InvalidOperationException">The election is held on something already.</exception>
    public static IResourceBuilder<ElectionResource> InFolder(this IResourceBuilder<ElectionResource> builder, string folder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(folder);

        var application = builder.ApplicationBuilder;
        if (application.ExecutionContext.IsPublishMode)
            return builder.InFolder(application.AddParameter($"{builder.Resource.Name}-folder"));

        var path = Path.GetFullPath(folder, application.AppHostDirectory);
        builder.Resource.Folder = path;
        return builder.HeldBy("file").ObservedThrough((services, _) => Task.FromResult(OpenFolder(services, path)));
    }

    /// <summary>Holds the election in a folder that all candidates share, and that a parameter names.</summary>
    /// <param name="builder">The election.</param>
    /// <param name="folder">The parameter; its value is the full path.</param>
    /// <returns>The resource's builder.</returns>
    /// <exception cref="InvalidOperationException">The election is held on something already.</exception>
    public static IResourceBuilder<ElectionResource> InFolder(this IResourceBuilder<ElectionResource> builder, IResourceBuilder<ParameterResource> folder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(folder);

        var parameter = folder.Resource;
        builder.Resource.Folder = parameter;
        return builder.HeldBy("file").ObservedThrough(async (services, cancellationToken) => OpenFolder(
            services, await parameter.GetValueAsync(cancellationToken).ConfigureAwait(false) ?? string.Empty));
    }

    /// <summary>
    /// Holds the election among its candidates themselves: each resource that references the election becomes the next
    /// member of the cluster, and is one process, not several replicas.
    /// </summary>
    /// <remarks>
    /// There is no store to ask, so the members are asked who leads: each answers <c>GET /election</c> with JSON that has
    /// <c>role</c> (<c>leader</c> or another), <c>candidate</c>, <c>fencingToken</c> and <c>since</c>. Where they do not,
    /// see <see cref="ElectionBuilderExtensions.ObservedThrough"/>.
    /// </remarks>
    /// <param name="builder">The election.</param>
    /// <param name="cluster">The cluster.</param>
    /// <returns>The resource's builder.</returns>
    /// <exception cref="InvalidOperationException">The election is held on something already.</exception>
    public static IResourceBuilder<ElectionResource> OnRaft(this IResourceBuilder<ElectionResource> builder, IResourceBuilder<RaftClusterResource> cluster)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(cluster);

        var election = builder.Resource;
        election.Store = cluster.Resource;
        return builder
            .HeldBy("raft")
            .WithReferenceRelationship(cluster.Resource)
            .ObservedThrough((services, _) => Task.FromResult<IElectionBackend>(
                new MembersBackend(election, services.GetRequiredService<ResourceNotificationService>(), services.GetService<TimeProvider>() ?? TimeProvider.System)));
    }

    private static string? StrategyOf(IResource store) => store switch
    {
        RedisResource or NativeRedisResource => "redis",
        EtcdResource or NativeEtcdResource => "etcd",
        ZooKeeperResource or NativeZooKeeperResource => "zookeeper",
        _ => null,
    };

    private static IResourceBuilder<ElectionResource> HeldBy(this IResourceBuilder<ElectionResource> builder, string strategy)
    {
        var election = builder.Resource;
        if (election.Strategy is { } other)
            throw new InvalidOperationException($"The election '{election.Name}' is held by {other} already; an election is held in one place.");
        election.Strategy = strategy;
        return builder;
    }

    private static IElectionBackend OpenFolder(IServiceProvider services, string folder) => new FileElectionBackend(
        new() { Directory = folder, CreateDirectory = true }, services.GetService<ILogger<FileElectionBackend>>());
}
