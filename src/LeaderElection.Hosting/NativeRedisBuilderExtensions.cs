using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;

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
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string command, string dataDirectory, int? port = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);

        var listen = port ?? FreePort.Next();
        var redis = builder.AddNativeServer(directory => new NativeRedisResource(name, command, directory), command, dataDirectory, listen);
        return redis
            .WithArgs(
                "--bind", "127.0.0.1",
                "--port", listen.ToString(CultureInfo.InvariantCulture),
                "--dir", redis.Resource.WorkingDirectory,
                "--save", string.Empty,
                "--appendonly", "yes",
                "--appendfsync", "always")
            // -LOADING while it reads its data back.
            .WithTextHealthCheck(redis.Resource.PrimaryEndpoint, "PING\r\n", "+PONG");
    }
}
