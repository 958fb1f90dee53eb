using LeaderElection.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every service of the application has: telemetry, health endpoints, service discovery, resilient HTTP clients.</summary>
public static class Extensions
{
    private const string HealthEndpointPath = "/health";
    private const string AlivenessEndpointPath = "/alive";
    private const string RemoteProbesKey = "HealthEndpoints:AllowRemote";

    /// <summary>The project's own sources of spans and of metrics.</summary>
    private static readonly string[] TelemetrySources = ["LeaderElection", "LeaderElection.Board", "LeaderElection.Playground"];

    /// <summary>Adds all of it; call <see cref="MapDefaultEndpoints"/> on the built application.</summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.ConfigureOpenTelemetry();
        builder.AddDefaultHealthChecks();
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddStandardResilienceHandler();
            http.AddServiceDiscovery();
        });
        return builder;
    }

    /// <summary>Logs, metrics and traces; exported by OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says.</summary>
    public static TBuilder ConfigureOpenTelemetry<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });

        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics
                .AddMeter(TelemetrySources)
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation())
            .WithTracing(tracing => tracing
                .AddSource(builder.Environment.ApplicationName)
                .AddSource(TelemetrySources)
                .AddProcessor(new RoutineFilter())
                .AddAspNetCoreInstrumentation(options => options.Filter = context => !IsHealthRequest(context))
                // A WebSocket that somebody keeps open tells nothing when it is closed at last.
                .AddHttpClientInstrumentation(options => options.FilterHttpRequestMessage = request => request.RequestUri?.Scheme is not ("ws" or "wss")));

        // With the exporter's own 10 s, and the retries that Aspire asks for, a service whose collector is away would take
        // longer to end than an orchestrator waits.
        builder.Configuration["OTEL_EXPORTER_OTLP_TIMEOUT"] ??= "1000";
        if (!string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            builder.Services.AddOpenTelemetry().UseOtlpExporter();
        return builder;
    }

    /// <summary>A check, tagged <c>live</c>, that the process answers at all.</summary>
    public static TBuilder AddDefaultHealthChecks<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), ["live"]);
        return builder;
    }

    /// <summary>Maps <c>/health</c> (all checks) and <c>/alive</c> (those tagged <c>live</c>), with JSON detail.</summary>
    /// <remarks>
    /// In Development for everyone. Elsewhere only for callers on the same machine, unless
    /// <c>HealthEndpoints:AllowRemote=true</c> opens them to probes from elsewhere, such as a kubelet's: what the checks say
    /// is not for strangers, see https://aka.ms/dotnet/aspire/healthchecks.
    /// </remarks>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        var health = app.MapHealthChecks(HealthEndpointPath, new HealthCheckOptions
        {
            ResponseWriter = HealthReportWriter.WriteAsync,
        });
        var alive = app.MapHealthChecks(AlivenessEndpointPath, new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains("live"),
            ResponseWriter = HealthReportWriter.WriteAsync,
        });
        if (!app.Environment.IsDevelopment() && !app.Configuration.GetValue<bool>(RemoteProbesKey))
        {
            health.OnlyFromLoopback();
            alive.OnlyFromLoopback();
        }
        return app;
    }

    private static bool IsHealthRequest(HttpContext context) =>
        context.Request.Path.StartsWithSegments(HealthEndpointPath, StringComparison.Ordinal)
        || context.Request.Path.StartsWithSegments(AlivenessEndpointPath, StringComparison.Ordinal);
}
