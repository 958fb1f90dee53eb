using LeaderElection.Etcd;
using LeaderElection.FileSystem;
using LeaderElection.Leases;
using LeaderElection.Playground;
using LeaderElection.Playground.Faults;
using LeaderElection.Playground.Reporting;
using LeaderElection.Playground.Status;
using LeaderElection.Raft;
using LeaderElection.Redis;
using LeaderElection.ZooKeeper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.Hosting;

/// <summary>Makes an election one to watch and to try out.</summary>
public static class ElectionPlaygroundExtensions
{
    // Any free port, so that replicas run side by side. By number: a free port cannot be had for "localhost", which is two addresses.
    private const string DefaultUrl = "http://127.0.0.1:0";

    /// <summary>The weakest settings; files, environment and command line override each of them.</summary>
    private static readonly Dictionary<string, string?> Defaults = new()
    {
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
        ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = "Warning",
        // A failed start is one line on stderr, see ElectionCommandLine; the host would log it with its stack.
        ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = "Critical",
        ["Logging:LogLevel:System.Net.Http.HttpClient"] = "Warning",
        // Whoever polls /health reads it there; each poll would repeat it here.
        ["Logging:Console:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "Error",
        // On the console ConsoleStatus says who leads.
        ["Logging:Console:LogLevel:LeaderElection.FileSystem"] = "Warning",
        ["Logging:Console:LogLevel:LeaderElection.Redis"] = "Warning",
        ["Logging:Console:LogLevel:LeaderElection.Etcd"] = "Warning",
        ["Logging:Console:LogLevel:LeaderElection.ZooKeeper"] = "Warning",
        ["Logging:Console:LogLevel:LeaderElection.Raft"] = "Warning",
        ["Logging:Console:FormatterName"] = "simple",
        ["Logging:Console:FormatterOptions:SingleLine"] = "true",
        ["Logging:Console:FormatterOptions:TimestampFormat"] = "HH:mm:ss ",
    };

    /// <summary>
    /// Shows on the console who leads, reports to the board, and writes to its <see cref="Ledger"/>; in Development, faults
    /// can be injected. Call <see cref="MapElectionPlayground"/> on the built application.
    /// </summary>
    /// <remarks>
    /// Outside of Development it does nothing unless told to, by <c>LeaderElection:Playground=true</c>,
    /// <c>LeaderElection:Status=true</c>, or a board: <c>LeaderElection:Board</c>, else the service <c>board</c>. There is never
    /// any fault injection there. <c>LeaderElection:Playground=false</c> switches it off everywhere.
    /// </remarks>
    /// <param name="builder">The application, with one election backend and one leader service.</param>
    /// <exception cref="Options.OptionsValidationException">A setting is not valid: each failure names it, its value and the rule.</exception>
    public static WebApplicationBuilder AddElectionPlayground(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var settings = PlaygroundSettings.Read(builder.Configuration, builder.Environment);
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        services.AddSingleton(provider => new FaultInjection(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new Ledger(
            settings, provider.GetRequiredService<FaultInjection>(), provider.GetRequiredService<ILogger<Ledger>>()));
        if (!settings.IsOn)
            return builder;

        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = Defaults });
        if (!HasAddress(builder.Configuration))
            builder.WebHost.UseUrls(DefaultUrl);
        services.AddSingleton<CandidatePulse>();
        services.AddSingleton<OwnAddress>();
        services.AddSingleton<RaftMember>();
        services.AddHostedService<ConsoleStatus>();
        if (settings.Board is not null)
            services.AddHostedService<BoardReporter>();
        if (builder.Environment.IsDevelopment())
            services.InjectFaults();
        return builder;
    }

    /// <summary>Maps what <see cref="AddElectionPlayground"/> offers: <c>/election</c> and, in Development, <c>/faults</c>.</summary>
    /// <param name="app">The application.</param>
    public static WebApplication MapElectionPlayground(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        if (!app.Services.GetRequiredService<PlaygroundSettings>().IsOn)
            return app;
        app.MapElection();
        if (app.Environment.IsDevelopment())
            app.MapFaults();
        return app;
    }

    private static void InjectFaults(this IServiceCollection services)
    {
        services.AddOptions();
        Inject<FileElectionOptions>(BeforeRequest);
        Inject<RedisElectionOptions>(BeforeRequest);
        Inject<EtcdElectionOptions>(BeforeRequest);
        Inject<ZooKeeperElectionOptions>(BeforeRequest);
        Inject<RaftElectionOptions>((raft, faults) =>
        {
            // There is no store to be cut off from, only members.
            raft.BeforeRequest = frozen => new ValueTask(faults.WaitWhileFrozenAsync(frozen));
            raft.IsCutOffFrom = faults.IsSilentTo;
        });

        static void BeforeRequest(LeaseOptions lease, FaultInjection faults) => lease.BeforeRequest = faults.BeforeRequestAsync;

        // For every name under which a backend may be registered.
        void Inject<T>(Action<T, FaultInjection> inject) where T : class => services.AddSingleton<Options.IPostConfigureOptions<T>>(
            provider => new Options.PostConfigureOptions<T, FaultInjection>(null, provider.GetRequiredService<FaultInjection>(), inject));
    }

    private static bool HasAddress(IConfiguration configuration) =>
        !string.IsNullOrEmpty(configuration["urls"])
        || !string.IsNullOrEmpty(configuration["http_ports"])
        || !string.IsNullOrEmpty(configuration["https_ports"])
        || configuration.GetSection("Kestrel:Endpoints").Exists();
}
