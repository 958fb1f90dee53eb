namespace Aspire.Hosting.ApplicationModel;

/// <summary>A standalone ZooKeeper server that runs as a process of this machine.</summary>
/// <param name="name">The name of the resource.</param>
/// <param name="command">The path of <c>java</c>.</param>
/// <param name="workingDirectory">The folder in which the server keeps its data and its configuration.</param>
public sealed class NativeZooKeeperResource(string name, string command, string workingDirectory)
    : NativeServerResource(name, command, workingDirectory, "tcp")
{
    /// <summary>The server's address: <c>host:port</c>.</summary>
    public override ReferenceExpression ConnectionStringExpression => HostAndPort;
}
