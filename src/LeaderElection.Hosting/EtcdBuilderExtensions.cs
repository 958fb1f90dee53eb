using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;

namespace Aspire.Hosting;

/// <summary>Adds etcd to an application model.</summary>
public static class EtcdBuilderExtensions
{
    private const int ClientPort = 2379;
    private const int PeerPort = 2380;
    private const string DataFolder = "/var/lib/etcd";

    /// <summary>
    /// Adds etcd as a container, healthy once it answers <c>/health</c>, which it does with a leader only. The connection
    /// string is <c>http://host:port</c>, or several of these with commas between them.
    /// </summary>
    /// <remarks>Its data lives as long as the container: see <see cref="WithDataVolume"/>.</remarks>
    /// <param name="builder">The application.</param>
    /// <param name="name">The name of the resource, and of the connection string given to those that reference it.</param>
    /// <param name="port">The port on this machine; <see langword="null"/> takes a free one.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<EtcdResource> AddEtcd(this IDistributedApplicationBuilder builder, [ResourceName] string name, int? port = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);

        var resource = new EtcdResource(name);
        var etcd = builder.AddResource(resource)
            .WithImage(StoreContainerImageTags.EtcdImage, StoreContainerImageTags.EtcdTag)
            .WithImageRegistry(StoreContainerImageTags.EtcdRegistry)
            .WithIconName("Database");
        resource.Ensemble.Configure(member => member
            .WithHttpEndpoint(port: member.Resource == resource ? port : null, targetPort: ClientPort, name: EtcdResource.PrimaryEndpointName)
            .WithEntrypoint("/usr/local/bin/etcd")
            .WithArgs(context => AddArguments(context.Args, resource, member.Resource.Name))
            .WithHttpHealthCheck("/health", endpointName: EtcdResource.PrimaryEndpointName));
        resource.Ensemble.Add(etcd);
        return etcd;
    }

    /// <summary>
    /// Makes it a cluster that survives the loss of less than half of its members. The further members are containers
    /// <c>name-2</c>, <c>name-3</c> and so on, nested under this one, of its image and of its lifetime; what else is set on
    /// this resource by Aspire's own methods is not passed on to them. Data belongs to one number of members: with another
    /// one the store starts empty, beside what was there, and fencing tokens begin anew.
    /// </summary>
    /// <remarks>
    /// On data of one member, that one would go on as a cluster of its own, beside another one of the new members; on
    /// data of three, one alone would wait for the others for ever.
    /// </remarks>
    /// <param name="builder">The resource.</param>
    /// <param name="count">How many, this one included: 1, 3, 5 or 7.</param>
    /// <returns>The resource's builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It is another number.</exception>
    public static IResourceBuilder<EtcdResource> WithMembers(this IResourceBuilder<EtcdResource> builder, int count)
    {
        ArgumentNullException.ThrowIfNull(builder);

        builder.Resource.Ensemble.Grow(count);
        return builder;
    }

    /// <summary>Keeps the data in a volume, each member in its own; a volume belongs to one number of members, see <see cref="WithMembers"/>.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="name">The volume's name, to which each of several members appends <c>-1-of-3</c>, <c>-2-of-3</c> and so on; by default made of the application's and the resource's.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<EtcdResource> WithDataVolume(this IResourceBuilder<EtcdResource> builder, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(builder);

        builder.Resource.Ensemble.MountVolume(name, DataFolder);
        return builder;
    }

    /// <summary>Keeps the data in a folder of this machine, each member in its own; a folder belongs to one number of members, see <see cref="WithMembers"/>.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="source">The folder, to whose name each of several members appends <c>-1-of-3</c>, <c>-2-of-3</c> and so on; relative to the AppHost's.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<EtcdResource> WithDataBindMount(this IResourceBuilder<EtcdResource> builder, string source)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(source);

        builder.Resource.Ensemble.MountFolder(source, DataFolder);
        return builder;
    }

    // Members find each other by the names that containers have on their network, which are those of the resources.
    private static void AddArguments(IList<object> arguments, EtcdResource etcd, string member)
    {
        string[] words =
        [
            "--name", member,
            "--data-dir", DataFolder,
            "--listen-client-urls", Url("0.0.0.0", ClientPort),
            "--advertise-client-urls", Url(member, ClientPort),
            "--listen-peer-urls", Url("0.0.0.0", PeerPort),
            "--initial-advertise-peer-urls", Url(member, PeerPort),
            "--initial-cluster", string.Join(',', etcd.Members.Select(other => $"{other.Name}={Url(other.Name, PeerPort)}")),
            "--initial-cluster-token", etcd.Name,
        ];
        foreach (var word in words)
            arguments.Add(word);
    }

    private static string Url(string host, int port) => FormattableString.Invariant($"http://{host}:{port}");
}
