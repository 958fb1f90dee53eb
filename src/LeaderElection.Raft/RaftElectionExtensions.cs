using LeaderElection;
using LeaderElection.Raft;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.Hosting;

/// <summary>Registers leader election among the replicas themselves.</summary>
public static class RaftElectionExtensions
{
    /// <summary>Makes this process a member of a Raft cluster, with the connection string of that name.</summary>
    /// <remarks>Options are read from the section <c>LeaderElection:Raft</c> first. The member starts with the application.</remarks>
    /// <param name="builder">The application.</param>
    /// <param name="connectionName">The name of the connection string; also the key under which the backend is registered.</param>
    /// <param name="configure">Changes the options; <c>services.Configure&lt;RaftElectionOptions&gt;(connectionName, …)</c> does so as well.</param>
    public static IHostApplicationBuilder AddRaftElectionBackend(
        this IHostApplicationBuilder builder, string connectionName, Action<RaftElectionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);
        builder.Services.AddOptions<RaftElectionOptions>(connectionName).Configure(options =>
        {
            builder.Configuration.GetSection("LeaderElection:Raft").Bind(options);
            options.ConnectionString ??= builder.Configuration.GetConnectionString(connectionName);
            configure?.Invoke(options);
        });
        builder.Services.AddElectionBackend(connectionName, provider => new RaftElectionBackend(
            provider.GetRequiredService<IOptionsMonitor<RaftElectionOptions>>().Get(connectionName),
            provider.GetService<ILogger<RaftElectionBackend>>(),
            provider.GetService<TimeProvider>()));
        builder.Services.AddSingleton<IHostedService>(provider =>
            new RaftMemberService((RaftElectionBackend)provider.GetRequiredKeyedService<IElectionBackend>(connectionName)));
        return builder;
    }
}
