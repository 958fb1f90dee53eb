namespace Aspire.Hosting.ApplicationModel;

/// <summary>An etcd server of one member that runs as a process of this machine.</summary>
/// <param name="name">The name of the resource.</param>
/// <param name="command">The path of <c>etcd</c>.</param>
/// <param name="workingDirectory">The folder in which the server keeps its data.</param>
public sealed class NativeEtcdResource(string name, string command, string workingDirectory)
    : NativeServerResource(name, command, workingDirectory, "http")
{
    /// <summary>The server's address: <c>http://host:port</c>.</summary>
    public override ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"http://{HostAndPort}");
}
