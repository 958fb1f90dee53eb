using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;

namespace Aspire.Hosting;

/// <summary>Adds an etcd server that is installed on this machine to an application model.</summary>
public static class NativeEtcdBuilderExtensions
{
    /// <summary>
    /// Adds <c>etcd</c> as a process of one member, bound to 127.0.0.1, on a port of its own, healthy once it answers
    /// <c>/health</c>, which it does with a leader only. For several members see
    /// <see cref="EtcdBuilderExtensions.WithMembers"/>, on containers.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The name of the resource, and of the connection string given to those that reference it.</param>
    /// <param name="command">The path of <c>etcd</c>; see <see cref="NativeServer.Find"/>.</param>
    /// <param name="dataDirectory">The folder for the server's data; made if missing. Data in it is taken up again.</param>
    /// <param name="port">The port for clients; <see langword="null"/> takes a free one.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<NativeEtcdResource> AddNativeEtcd(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string command, string dataDirectory, int? port = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);

        var listen = port ?? FreePort.Next();
        var url = FormattableString.Invariant($"http://127.0.0.1:{listen}");
        var etcd = builder.AddNativeServer(directory => new NativeEtcdResource(name, command, directory), command, dataDirectory, listen);
        return etcd
            .WithArgs(
                "--name", name,
                "--data-dir", etcd.Resource.WorkingDirectory,
                "--listen-client-urls", url,
                "--advertise-client-urls", url,
                // It has no peers, so any free port will do.
                "--listen-peer-urls", "http://127.0.0.1:0",
                "--logger", "zap",
                "--log-level", "warn")
            .WithHttpHealthCheck("/health");
    }
}
