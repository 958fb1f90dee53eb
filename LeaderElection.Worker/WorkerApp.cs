using LeaderElection.Leases;
using LeaderElection.Worker.Faults;
using LeaderElection.Worker.Ledger;
using LeaderElection.Worker.Reporting;
using LeaderElection.Worker.Settings;
using LeaderElection.Worker.Status;
using Microsoft.Extensions.Configuration.Memory;

namespace LeaderElection.Worker;

/// <summary>Puts the worker together.</summary>
internal static class WorkerApp
{
    // Any free port, so that replicas run side by side. By number: a free port cannot be had for "localhost", which is two addresses.
    private const string DefaultUrl = "http://127.0.0.1:0";

    /// <summary>The weakest settings; files, environment and command line override each of them.</summary>
    private static readonly Dictionary<string, string?> Defaults = new()
    {
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
        ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = "Warning",
        // A failed start is one line on stderr, see Program; the host would log it with its stack.
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

    /// <param name="args">Settings as <c>--KEY=VALUE</c>, stronger than environment and files.</param>
    /// <exception cref="SettingsException">A setting is not valid.</exception>
    public static WebApplication Create(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args });
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = Defaults });
        var options = WorkerOptions.Read(builder.Configuration);
        builder.AddServiceDefaults();
        if (!HasAddress(builder.Configuration))
            builder.WebHost.UseUrls(DefaultUrl);

        var services = builder.Services;
        services.AddSingleton(options);
        services.Configure<HostOptions>(host =>
        {
            // Together, so that a slow HTTP request does not hold up the resignation.
            host.ServicesStopConcurrently = true;
            host.ShutdownTimeout = TimeSpan.FromSeconds(5);
        });
        var faults = new FaultInjection(TimeProvider.System);
        services.AddSingleton(faults);
        services.AddSingleton<CandidatePulse>();
        services.AddSingleton<OwnAddress>();
        services.AddSingleton<RaftMember>();
        services.AddSingleton<LedgerClient>();
        services.AddHostedService<ConsoleStatus>();
        if (options.Board is not null)
            services.AddHostedService<BoardReporter>();
        AddBackend(builder, options, builder.Environment.IsDevelopment() ? faults : null);
        services.AddLeaderService<LedgerWork>(options.Election, leader => leader.CandidateId = options.Candidate);

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapElection();
        if (app.Environment.IsDevelopment())
            app.MapFaults();
        return app;
    }

    private static void AddBackend(WebApplicationBuilder builder, WorkerOptions options, FaultInjection? faults)
    {
        switch (options.Strategy)
        {
            case "file":
                builder.AddFileElectionBackend("file", file =>
                {
                    Apply(file);
                    file.Directory = options.Directory ?? (file.Directory is "" ? WorkerOptions.DefaultDirectory : file.Directory);
                    file.CreateDirectory = true;
                });
                break;
            case "redis":
                builder.AddRedisElectionBackend("redis", Apply);
                break;
            case "etcd":
                builder.AddEtcdElectionBackend("etcd", Apply);
                break;
            case "zookeeper":
                builder.AddZooKeeperElectionBackend("zookeeper", Apply);
                break;
            case "raft":
                // Member and folder are where the strategy looks for them itself.
                builder.AddRaftElectionBackend("raft", raft =>
                {
                    Apply(raft);
                    // There is no store to be cut off from, only members.
                    raft.BeforeRequest = faults is null ? null : frozen => new ValueTask(faults.WaitWhileFrozenAsync(frozen));
                    raft.IsCutOffFrom = faults is null ? null : faults.IsSilentTo;
                });
                break;
            default:
                throw new InvalidOperationException($"The strategy {options.Strategy} was let through without a backend.");
        }

        void Apply(LeaseOptions lease)
        {
            lease.LeaseDuration = options.LeaseDuration ?? lease.LeaseDuration;
            lease.RenewInterval = options.RenewInterval ?? lease.RenewInterval;
            lease.RetryPeriod = options.RetryPeriod ?? lease.RetryPeriod;
            lease.SafetyMargin = options.SafetyMargin ?? lease.SafetyMargin;
            lease.BeforeRequest = faults is null ? null : faults.BeforeRequestAsync;
        }
    }

    private static bool HasAddress(IConfiguration configuration) =>
        !string.IsNullOrEmpty(configuration["urls"])
        || !string.IsNullOrEmpty(configuration["http_ports"])
        || !string.IsNullOrEmpty(configuration["https_ports"])
        || configuration.GetSection("Kestrel:Endpoints").Exists();
}
