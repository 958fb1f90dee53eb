using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;

namespace Aspire.Hosting;

/// <summary>Adds Raft clusters to an application model.</summary>
public static class RaftBuilderExtensions
{
    internal const int FewestMembers = 3;
    internal const int MostMembers = 9;

    // Where the application is published each member has a host of its own.
    private const int PublishedPort = 7000;

    /// <summary>
    /// Adds a Raft cluster. Its members are the resources that reference an election on it, see
    /// <see cref="ElectionPlaceExtensions.OnRaft"/>, or join by <see cref="WithRaftMember"/>: 3 to 9 of them; it works
    /// while more than half of them do.
    /// </summary>
    /// <remarks>
    /// Each member has an endpoint <c>raft</c>: on a free port of this machine, and where the application is published, on
    /// port 7000 of its own host. No proxy stands between the members, and none may: a refused connection tells them that
    /// a process has ended.
    /// </remarks>
    /// <param name="builder">The application.</param>
    /// <param name="name">The name of the resource, and of the connection string given to the members.</param>
    /// <param name="dataDirectory">
    /// The folder below which the members keep their state, each number of members in a folder of its own, as votes hold for one list
    /// of members; relative to the AppHost's. By default <c>raft/NAME</c>. It is to be kept: a member takes up its votes again. Where the application is published, each keeps it below its own working directory.
    /// </param>
    /// <param name="secret">The secret that the members share, at least 16 letters or digits; by default a generated one.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<RaftClusterResource> AddRaftCluster(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string? dataDirectory = null, IResourceBuilder<ParameterResource>? secret = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);

        var password = secret?.Resource ?? ParameterResourceBuilderExtensions.CreateGeneratedParameter(
            builder, $"{name}-secret", secret: true, new GenerateParameterDefault { MinLength = 32, Special = false });
        var folder = Path.GetFullPath(dataDirectory ?? Path.Combine("raft", name), builder.AppHostDirectory);
        var cluster = new RaftClusterResource(name, folder, password);
        builder.Eventing.Subscribe<BeforeStartEvent>((_, _) =>
        {
            Check(cluster);
            return Task.CompletedTask;
        });
        return builder.AddResource(cluster)
            .WithIconName("People")
            .WithManifestPublishingCallback(context =>
            {
                context.Writer.WriteString("type", "value.v0");
                context.WriteConnectionString(cluster);
            })
            .WithInitialState(new CustomResourceSnapshot
            {
                ResourceType = "RaftCluster",
                State = new ResourceStateSnapshot(KnownResourceStates.Starting, KnownResourceStateStyles.Info),
                Properties = [],
            })
            .OnInitializeResource(async (_, start, stop) =>
            {
                await start.Eventing.PublishAsync(new ConnectionStringAvailableEvent(cluster, start.Services), stop).ConfigureAwait(false);
                await start.Eventing.PublishAsync(new BeforeResourceStartedEvent(cluster, start.Services), stop).ConfigureAwait(false);
                await start.Notifications.PublishUpdateAsync(cluster, row => row with
                {
                    State = new ResourceStateSnapshot(KnownResourceStates.Running, KnownResourceStateStyles.Success),
                    Properties =
                    [
                        .. row.Properties,
                        new(ElectionRow.Source, $"{cluster.Members.Count.ToString(CultureInfo.InvariantCulture)} members"),
                        new("raft.members", string.Join(", ", cluster.Members.Select(member => member.Name))) { DisplayName = "Members", IsHighlighted = true },
                    ],
                }).ConfigureAwait(false);
            });
    }

    /// <summary>
    /// Makes a resource the next member of the cluster: it gets an endpoint, the connection string under the cluster's
    /// name, its own member id and a folder for its state, where <c>AddRaftElectionBackend</c> looks for them. A member is
    /// one process, not several replicas.
    /// </summary>
    /// <typeparam name="T">Such as <see cref="ProjectResource"/>.</typeparam>
    /// <param name="builder">The resource.</param>
    /// <param name="cluster">The cluster.</param>
    /// <returns>The resource's builder.</returns>
    /// <exception cref="InvalidOperationException">It is a member already, or the cluster is full.</exception>
    public static IResourceBuilder<T> WithRaftMember<T>(this IResourceBuilder<T> builder, IResourceBuilder<RaftClusterResource> cluster)
        where T : IResourceWithEnvironment, IResourceWithEndpoints
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(cluster);

        var raft = cluster.Resource;
        var member = raft.Take(builder.Resource);
        builder.WithReference(cluster);
        if (!raft.Name.Equals("raft", StringComparison.OrdinalIgnoreCase))
            builder.WithReference(cluster, "raft");
        builder.WithEnvironment("LeaderElection__Raft__Member", member);

        if (builder.ApplicationBuilder.ExecutionContext.IsPublishMode)
        {
            builder.WithEndpoint(targetPort: PublishedPort, port: PublishedPort, scheme: "tcp", name: RaftClusterResource.EndpointName);
            // Its own name need not lead straight to itself there.
            return builder.WithEnvironment("LeaderElection__Raft__Listen", FormattableString.Invariant($"0.0.0.0:{PublishedPort}"));
        }

        var port = FreePort.Next();
        builder.WithEndpoint(targetPort: port, port: port, scheme: "tcp", name: RaftClusterResource.EndpointName, isProxied: false);
        return builder
            .WithUrlForEndpoint(RaftClusterResource.EndpointName, url => url.DisplayLocation = UrlDisplayLocation.DetailsOnly)
            // When it starts: then all have joined.
            .WithEnvironment(context => context.EnvironmentVariables["LeaderElection__Raft__Directory"] = raft.FolderOf(member));
    }

    private static void Check(RaftClusterResource cluster)
    {
        if (cluster.Members.Count < FewestMembers)
            throw new DistributedApplicationException($"'{cluster.Name}' has {cluster.Members.Count} members: a Raft cluster has {FewestMembers} to {MostMembers}.");
        if (cluster.Members.FirstOrDefault(member => member.GetReplicaCount() > 1) is { } several)
            throw new DistributedApplicationException($"'{several.Name}' has {several.GetReplicaCount()} replicas: a member of '{cluster.Name}' is one process; add a resource for each.");
    }
}
