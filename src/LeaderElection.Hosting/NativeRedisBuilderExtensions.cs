using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>Adds a Redis server that is installed on this machine to an application model.</summary>
public static class NativeRedisBuilderExtensions
{
    /// <summary>
    /// Adds <c>redis-server</c> as a process, bound to 127.0.0.1, on a port of its own, healthy once it answers PING.
    /// It syncs every write to disk before it answers, so that fencing tokens survive its own crash.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The name of the resource, and of the connection string given to those that reference it.</param>
    /// <param name="command">The path of <c>redis-server</c>; see <see cref="NativeServer.Find"/>.</param>
    /// <param name="dataDirectory">The folder for the server's data; made if missing. Data in it is taken up again.</param>
    /// <param name="port">The port; <see langword="null"/> takes a free one.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<NativeRedisResource> AddNativeRedis(
        this IDistributedApplicationBuilder builder, string name, string command, string dataDirectory, int? port = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(command);
        ArgumentException.ThrowIfNullOrEmpty(dataDirectory);

        var directory = Directory.CreateDirectory(dataDirectory).FullName;
        var resource = new NativeRedisResource(name, command, directory);
        var check = $"{name}_ping";
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            check, _ => new RedisPingHealthCheck(resource.PrimaryEndpoint, TimeProvider.System), failureStatus: null, tags: null));

        // Not behind Aspire's proxy: a server that is down should look down to its clients, not accept and hang up.
        var listen = port ?? FreePort();
        return builder.AddResource(resource)
            .WithEndpoint(port: listen, targetPort: listen, scheme: "tcp", name: NativeRedisResource.PrimaryEndpointName, isProxied: false)
            .WithArgs(
                "--bind", "127.0.0.1",
                "--port", listen.ToString(CultureInfo.InvariantCulture),
                "--dir", directory,
                "--save", string.Empty,
                "--appendonly", "yes",
                "--appendfsync", "always")
            .WithHealthCheck(check);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
