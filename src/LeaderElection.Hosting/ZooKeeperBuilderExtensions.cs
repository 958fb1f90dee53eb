using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;

namespace Aspire.Hosting;

/// <summary>Adds ZooKeeper to an application model.</summary>
public static class ZooKeeperBuilderExtensions
{
    // A four-letter word that every server allows by default. One without a quorum answers that it does not serve.
    internal const string Question = "srvr";
    internal const string Answer = "Zookeeper version:";

    // It counts time in ticks, and by itself grants sessions of 2 to 20 of them.
    internal const int TickMilliseconds = 250;
    internal const int ShortestSessionMilliseconds = 500;
    internal const int LongestSessionMilliseconds = 3_600_000;

    // Old snapshots are removed that often, and as many clients let in.
    internal const int PurgeHours = 1;
    internal const int Unlimited = 0;

    private const int ClientPort = 2181;
    private const string DataFolder = "/data";

    /// <summary>
    /// Adds ZooKeeper as a container, healthy once it answers <c>srvr</c>, which it does with a quorum only. The
    /// connection string is <c>host:port</c>, or several of these with commas between them.
    /// </summary>
    /// <remarks>
    /// Its data lives as long as the container: see <see cref="WithDataVolume"/>. It grants sessions of 0.5 s to 1 h, so
    /// that a lease is as long as was asked for; by ZooKeeper's own default it would be 4 to 40 s.
    /// </remarks>
    /// <param name="builder">The application.</param>
    /// <param name="name">The name of the resource, and of the connection string given to those that reference it.</param>
    /// <param name="port">The port on this machine; <see langword="null"/> takes a free one.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<ZooKeeperResource> AddZooKeeper(this IDistributedApplicationBuilder builder, [ResourceName] string name, int? port = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);

        var resource = new ZooKeeperResource(name);
        var zooKeeper = builder.AddResource(resource)
            .WithImage(StoreContainerImageTags.ZooKeeperImage, StoreContainerImageTags.ZooKeeperTag)
            .WithImageRegistry(StoreContainerImageTags.ZooKeeperRegistry)
            .WithIconName("Database");
        resource.Ensemble.Configure(member => member
            .WithEndpoint(port: member.Resource == resource ? port : null, targetPort: ClientPort, name: ZooKeeperResource.PrimaryEndpointName)
            .WithEnvironment(context => AddEnvironment(context.EnvironmentVariables, resource.Ensemble, member.Resource))
            .WithTextHealthCheck(member.Resource.GetEndpoint(ZooKeeperResource.PrimaryEndpointName), Question, Answer));
        resource.Ensemble.Add(zooKeeper);
        return zooKeeper;
    }

    /// <summary>
    /// Makes it an ensemble that survives the loss of less than half of its members. The further members are containers
    /// <c>name-2</c>, <c>name-3</c> and so on, nested under this one, of its image and of its lifetime; what else is set on
    /// this resource by Aspire's own methods is not passed on to them. Data belongs to one number of members: with another
    /// one the store starts empty, beside what was there, and fencing tokens begin anew.
    /// </summary>
    /// <remarks>
    /// On data of fewer members, the new ones could outvote the one that has it, and it would be lost.
    /// </remarks>
    /// <param name="builder">The resource.</param>
    /// <param name="count">How many, this one included: 1, 3, 5 or 7.</param>
    /// <returns>The resource's builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It is another number.</exception>
    public static IResourceBuilder<ZooKeeperResource> WithMembers(this IResourceBuilder<ZooKeeperResource> builder, int count)
    {
        ArgumentNullException.ThrowIfNull(builder);

        builder.Resource.Ensemble.Grow(count);
        return builder;
    }

    /// <summary>Keeps the data in a volume, each member in its own; a volume belongs to one number of members, see <see cref="WithMembers"/>.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="name">The volume's name, to which each of several members appends <c>-1-of-3</c>, <c>-2-of-3</c> and so on; by default made of the application's and the resource's.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<ZooKeeperResource> WithDataVolume(this IResourceBuilder<ZooKeeperResource> builder, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(builder);

        builder.Resource.Ensemble.MountVolume(name, DataFolder);
        return builder;
    }

    /// <summary>Keeps the data in a folder of this machine, each member in its own; a folder belongs to one number of members, see <see cref="WithMembers"/>.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="source">The folder, to whose name each of several members appends <c>-1-of-3</c>, <c>-2-of-3</c> and so on; relative to the AppHost's.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<ZooKeeperResource> WithDataBindMount(this IResourceBuilder<ZooKeeperResource> builder, string source)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(source);

        builder.Resource.Ensemble.MountFolder(source, DataFolder);
        return builder;
    }

    // Members find each other by the names that containers have on their network, which are those of the resources.
    private static void AddEnvironment(Dictionary<string, object> environment, Ensemble ensemble, ContainerResource member)
    {
        environment["ZOO_MY_ID"] = Text(ensemble.NumberOf(member));
        environment["ZOO_SERVERS"] = string.Join(' ', ensemble.Members.Select((other, index) =>
            FormattableString.Invariant($"server.{index + 1}={other.Name}:2888:3888;{ClientPort}")));
        // Beside the snapshots, so that one volume holds all.
        environment["ZOO_DATA_LOG_DIR"] = DataFolder;
        environment["ZOO_ADMINSERVER_ENABLED"] = "false";
        environment["ZOO_TICK_TIME"] = Text(TickMilliseconds);
        // How long members have to find their leader, and how far they may lag behind it: 10 s and 5 s, in ticks.
        environment["ZOO_INIT_LIMIT"] = Text(10_000 / TickMilliseconds);
        environment["ZOO_SYNC_LIMIT"] = Text(5_000 / TickMilliseconds);
        // By the image's own defaults it would keep every snapshot for ever, and take 60 connections of one address: all
        // containers of this machine, and all processes outside of them, are one address to it.
        environment["ZOO_AUTOPURGE_PURGEINTERVAL"] = Text(PurgeHours);
        environment["ZOO_MAX_CLIENT_CNXNS"] = Text(Unlimited);
        environment["ZOO_CFG_EXTRA"] = FormattableString.Invariant(
            $"minSessionTimeout={ShortestSessionMilliseconds} maxSessionTimeout={LongestSessionMilliseconds}");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
