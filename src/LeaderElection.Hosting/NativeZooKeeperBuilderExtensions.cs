using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;

namespace Aspire.Hosting;

/// <summary>Adds a ZooKeeper server that is installed on this machine to an application model.</summary>
public static class NativeZooKeeperBuilderExtensions
{
    /// <summary>
    /// Adds ZooKeeper as a standalone process, bound to 127.0.0.1, on a port of its own, healthy once it answers
    /// <c>srvr</c>. It syncs every write to disk before it answers, and grants sessions of 0.5 s to 1 h. For several members see
    /// <see cref="ZooKeeperBuilderExtensions.WithMembers"/>, on containers.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The name of the resource, and of the connection string given to those that reference it.</param>
    /// <param name="java">The path of <c>java</c>; see <see cref="NativeServer.Find"/>.</param>
    /// <param name="classPath">The jars of ZooKeeper; see <see cref="NativeServer.FindZooKeeper"/>.</param>
    /// <param name="dataDirectory">The folder for the server's data and configuration; made if missing. Data in it is taken up again.</param>
    /// <param name="port">The port for clients; <see langword="null"/> takes a free one.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<NativeZooKeeperResource> AddNativeZooKeeper(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string java, string classPath, string dataDirectory, int? port = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(classPath);

        var listen = port ?? FreePort.Next();
        var zooKeeper = builder.AddNativeServer(directory => new NativeZooKeeperResource(name, java, directory), java, dataDirectory, listen);
        var configuration = Path.Combine(zooKeeper.Resource.WorkingDirectory, "zoo.cfg");
        File.WriteAllText(configuration, Configuration(zooKeeper.Resource.WorkingDirectory, listen));
        return zooKeeper
            .WithArgs(
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-Dzookeeper.jmx.log4j.disable=true",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp", classPath,
                "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                configuration)
            .WithTextHealthCheck(zooKeeper.Resource.PrimaryEndpoint, ZooKeeperBuilderExtensions.Question, ZooKeeperBuilderExtensions.Answer);
    }

    // Java takes a backslash for the begin of an escape.
    private static string Configuration(string directory, int port) => FormattableString.Invariant($"""
        dataDir={directory.Replace('\\', '/')}
        clientPort={port}
        clientPortAddress=127.0.0.1
        maxClientCnxns={ZooKeeperBuilderExtensions.Unlimited}
        tickTime={ZooKeeperBuilderExtensions.TickMilliseconds}
        minSessionTimeout={ZooKeeperBuilderExtensions.ShortestSessionMilliseconds}
        maxSessionTimeout={ZooKeeperBuilderExtensions.LongestSessionMilliseconds}
        admin.enableServer=false
        4lw.commands.whitelist=srvr,mntr
        autopurge.purgeInterval={ZooKeeperBuilderExtensions.PurgeHours}

        """);
}
