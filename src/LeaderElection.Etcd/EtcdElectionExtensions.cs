using LeaderElection.Etcd;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.Hosting;

/// <summary>Registers leader election on etcd.</summary>
public static class EtcdElectionExtensions
{
    /// <summary>Elects on etcd, with the connection string of that name, as Aspire's client integrations do.</summary>
    /// <remarks>Options are read from the section <c>LeaderElection:Etcd</c> first.</remarks>
    /// <param name="builder">The application.</param>
    /// <param name="connectionName">The name of the connection string; also the key under which the backend is registered.</param>
    /// <param name="configure">Changes the options; <c>services.Configure&lt;EtcdElectionOptions&gt;(connectionName, …)</c> does so as well.</param>
    public static IHostApplicationBuilder AddEtcdElectionBackend(
        this IHostApplicationBuilder builder, string connectionName, Action<EtcdElectionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);
        builder.Services.AddOptions<EtcdElectionOptions>(connectionName).Configure(options =>
        {
            builder.Configuration.GetSection("LeaderElection:Etcd").Bind(options);
            options.ConnectionString ??= builder.Configuration.GetConnectionString(connectionName);
            configure?.Invoke(options);
        });
        builder.Services.AddElectionBackend(connectionName, provider => new EtcdElectionBackend(
            provider.GetRequiredService<IOptionsMonitor<EtcdElectionOptions>>().Get(connectionName),
            provider.GetService<ILogger<EtcdElectionBackend>>(),
            provider.GetService<TimeProvider>()));
        return builder;
    }
}
