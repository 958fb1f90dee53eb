using LeaderElection.ZooKeeper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.Hosting;

/// <summary>Registers leader election on ZooKeeper.</summary>
public static class ZooKeeperElectionExtensions
{
    /// <summary>Elects on ZooKeeper, with the connection string of that name, as Aspire's client integrations do.</summary>
    /// <remarks>Options are read from the section <c>LeaderElection:ZooKeeper</c> first.</remarks>
    /// <param name="builder">The application.</param>
    /// <param name="connectionName">The name of the connection string; also the key under which the backend is registered.</param>
    /// <param name="configure">Changes the options; <c>services.Configure&lt;ZooKeeperElectionOptions&gt;(connectionName, …)</c> does so as well.</param>
    public static IHostApplicationBuilder AddZooKeeperElectionBackend(
        this IHostApplicationBuilder builder, string connectionName, Action<ZooKeeperElectionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);
        builder.Services.AddOptions<ZooKeeperElectionOptions>(connectionName).Configure(options =>
        {
            builder.Configuration.GetSection("LeaderElection:ZooKeeper").Bind(options);
            options.ConnectionString ??= builder.Configuration.GetConnectionString(connectionName);
            configure?.Invoke(options);
        });
        builder.Services.AddElectionBackend(connectionName, provider => new ZooKeeperElectionBackend(
            provider.GetRequiredService<IOptionsMonitor<ZooKeeperElectionOptions>>().Get(connectionName),
            provider.GetService<ILogger<ZooKeeperElectionBackend>>(),
            provider.GetService<TimeProvider>()));
        return builder;
    }
}
