namespace Aspire.Hosting.ApplicationModel;

/// <summary>A server that runs as a process of this machine, on 127.0.0.1, for where no container runtime is at hand.</summary>
public abstract class NativeServerResource : ExecutableResource, IResourceWithConnectionString
{
    private protected NativeServerResource(string name, string command, string workingDirectory, string endpointName)
        : base(name, command, workingDirectory) => PrimaryEndpoint = new(this, endpointName);

    /// <summary>Where the server listens for its clients.</summary>
    public EndpointReference PrimaryEndpoint { get; }

    /// <summary>The server's address, as its clients read it.</summary>
    public abstract ReferenceExpression ConnectionStringExpression { get; }

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
    [
        new("Host", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.IPV4Host)}")),
        new("Port", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Port)}")),
        new("Endpoints", ConnectionStringExpression),
    ];

    /// <summary>The address as <c>host:port</c>.</summary>
    private protected ReferenceExpression HostAndPort => ReferenceExpression.Create(
        $"{PrimaryEndpoint.Property(EndpointProperty.IPV4Host)}:{PrimaryEndpoint.Property(EndpointProperty.Port)}");
}
