namespace Aspire.Hosting.ApplicationModel;

/// <summary>A Redis server that runs as a process of this machine, for where no container runtime is at hand.</summary>
/// <param name="name">The name of the resource.</param>
/// <param name="command">The path of <c>redis-server</c>.</param>
/// <param name="workingDirectory">The folder in which the server keeps its data.</param>
public sealed class NativeRedisResource(string name, string command, string workingDirectory)
    : ExecutableResource(name, command, workingDirectory), IResourceWithConnectionString
{
    internal const string PrimaryEndpointName = "tcp";

    /// <summary>Where the server listens.</summary>
    public EndpointReference PrimaryEndpoint => new(this, PrimaryEndpointName);

    /// <summary>The server's address as StackExchange.Redis reads it: <c>host:port</c>.</summary>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create(
        $"{PrimaryEndpoint.Property(EndpointProperty.IPV4Host)}:{PrimaryEndpoint.Property(EndpointProperty.Port)}");
}
