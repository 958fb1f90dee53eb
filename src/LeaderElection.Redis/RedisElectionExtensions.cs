using LeaderElection.Redis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.Hosting;

/// <summary>Registers leader election on Redis.</summary>
public static class RedisElectionExtensions
{
    /// <summary>Elects on Redis, with the connection string of that name, as Aspire's client integrations do.</summary>
    /// <remarks>Options are read from the section <c>LeaderElection:Redis</c> first.</remarks>
    /// <param name="builder">The application.</param>
    /// <param name="connectionName">The name of the connection string; also the key under which the backend is registered.</param>
    /// <param name="configure">Changes the options; <c>services.Configure&lt;RedisElectionOptions&gt;(connectionName, …)</c> does so as well.</param>
    public static IHostApplicationBuilder AddRedisElectionBackend(
        this IHostApplicationBuilder builder, string connectionName, Action<RedisElectionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);
        builder.Services.AddOptions<RedisElectionOptions>(connectionName).Configure(options =>
        {
            builder.Configuration.GetSection("LeaderElection:Redis").Bind(options);
            options.ConnectionString ??= builder.Configuration.GetConnectionString(connectionName);
            configure?.Invoke(options);
        });
        builder.Services.AddElectionBackend(connectionName, provider => new RedisElectionBackend(
            provider.GetRequiredService<IOptionsMonitor<RedisElectionOptions>>().Get(connectionName),
            provider.GetService<ILogger<RedisElectionBackend>>(),
            provider.GetService<TimeProvider>()));
        return builder;
    }
}
