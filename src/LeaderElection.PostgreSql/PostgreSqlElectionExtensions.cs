using LeaderElection.PostgreSql;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Microsoft.Extensions.Hosting;

/// <summary>Registers leader election on PostgreSQL.</summary>
public static class PostgreSqlElectionExtensions
{
    /// <summary>Elects on PostgreSQL, with the connection string of that name, as Aspire's client integrations do.</summary>
    /// <remarks>
    /// Options are read from the section <c>LeaderElection:PostgreSql</c> first. Where there is no connection string, connections come
    /// from the <see cref="NpgsqlDataSource"/> that is registered under that key, or under none.
    /// </remarks>
    /// <param name="builder">The application.</param>
    /// <param name="connectionName">The name of the connection string; also the key under which the backend is registered.</param>
    /// <param name="configure">Changes the options; <c>services.Configure&lt;PostgreSqlElectionOptions&gt;(connectionName, …)</c> does so as well.</param>
    public static IHostApplicationBuilder AddPostgreSqlElectionBackend(
        this IHostApplicationBuilder builder, string connectionName, Action<PostgreSqlElectionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);
        builder.Services.AddOptions<PostgreSqlElectionOptions>(connectionName).Configure<IServiceProvider>((options, provider) =>
        {
            builder.Configuration.GetSection("LeaderElection:PostgreSql").Bind(options);
            options.ConnectionString ??= builder.Configuration.GetConnectionString(connectionName);
            configure?.Invoke(options);
            if (options.ConnectionString is null && options.GivenDataSource() is null
                && (provider.GetKeyedService<NpgsqlDataSource>(connectionName) ?? provider.GetService<NpgsqlDataSource>()) is { } registered)
            {
                options.UseDataSource(registered);
            }
        });
        builder.Services.AddElectionBackend(connectionName, provider => new PostgreSqlElectionBackend(
            provider.GetRequiredService<IOptionsMonitor<PostgreSqlElectionOptions>>().Get(connectionName),
            provider.GetService<ILogger<PostgreSqlElectionBackend>>(),
            provider.GetService<TimeProvider>()));
        return builder;
    }
}
