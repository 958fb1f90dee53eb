namespace Aspire.Hosting.ApplicationModel;

/// <summary>A Redis server that runs as a process of this machine.</summary>
/// <param name="name">The name of the resource.</param>
/// <param name="command">The path of <c>redis-server</c>.</param>
/// <param name="workingDirectory">The folder in which the server keeps its data.</param>
public sealed class NativeRedisResource(string name, string command, string workingDirectory)
    : NativeServerResource(name, command, workingDirectory, "tcp")
{
    /// <summary>The server's address as StackExchange.Redis reads it: <c>host:port</c>.</summary>
    public override ReferenceExpression ConnectionStringExpression => HostAndPort;
}
