using LeaderElection.OrdinaryWorker;
using LeaderElection.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry;

// A worker as users write them, with logs and telemetry: small enough to be compiled ahead of time, and measured as it is.
// Its settings are those of every worker, such as --LeaderElection:Strategy=redis --ConnectionStrings:redis=localhost:6379.
try
{
    var builder = Host.CreateApplicationBuilder(args);
    // Standard output belongs to what it says of itself.
    builder.Logging.ClearProviders().AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning);
    var telemetry = builder.Services.AddOpenTelemetry()
        .WithTracing(tracing => tracing.AddSource(ElectionTelemetry.Name))
        .WithMetrics(metrics => metrics.AddMeter(ElectionTelemetry.Name));
    if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 })
        telemetry.UseOtlpExporter();

    builder.AddElectionBackend();
    builder.Services.AddLeaderService<Work>(builder.Configuration["LeaderElection:Election"] ?? "work", leader =>
    {
        leader.CandidateId = builder.Configuration["LeaderElection:Candidate"] ?? leader.CandidateId;
        // Who resigned stays out.
        leader.Rest = TimeSpan.FromDays(1);
    });
    using var host = builder.Build();
    await host.StartAsync();
    Work.Say("READY");
    await host.WaitForShutdownAsync();
    return 0;
}
catch (OptionsValidationException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
