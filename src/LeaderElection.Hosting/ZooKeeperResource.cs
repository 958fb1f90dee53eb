using LeaderElection.Hosting;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A ZooKeeper server in a container, or the first member of an ensemble of several.</summary>
/// <param name="name">The name of the resource.</param>
public sealed class ZooKeeperResource(string name) : ContainerResource(name), IResourceWithConnectionString
{
    internal const string PrimaryEndpointName = "tcp";

    internal Ensemble Ensemble { get; } = new();

    /// <summary>Where this member listens for its clients.</summary>
    public EndpointReference PrimaryEndpoint => new(this, PrimaryEndpointName);

    /// <summary>All members, this one first.</summary>
    public IReadOnlyList<ContainerResource> Members => [.. Ensemble.Members];

    /// <summary>The addresses of all members: <c>host:port</c>, with commas between them.</summary>
    public ReferenceExpression ConnectionStringExpression => Ensemble.List(member => member.GetEndpoint(PrimaryEndpointName).Property(EndpointProperty.HostAndPort));

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
    [
        new("Host", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Host)}")),
        new("Port", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Port)}")),
        new("Endpoints", ConnectionStringExpression),
    ];
}
