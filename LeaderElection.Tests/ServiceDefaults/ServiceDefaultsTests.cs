using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Tests.ServiceDefaults;

public sealed class ServiceDefaultsTests
{
    [Fact]
    public async Task Telemetry_OfTheProject_IsExportedByOtlp()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource("LeaderElection");
        using var meter = new Meter("LeaderElection");
        var leaderships = meter.CreateCounter<long>("leader_election.test_count");

        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(
        [
            new("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Url),
            new("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            new("OTEL_SERVICE_NAME", "redis-worker"),
        ]);
        builder.AddServiceDefaults();
        using (var host = builder.Build())
        {
            await host.StartAsync();
            source.StartActivity("became leader")?.Dispose();
            leaderships.Add(1);
            host.Services.GetRequiredService<ILogger<ServiceDefaultsTests>>().LogInformation("resigned for the test");
            await host.StopAsync();
        }

        Assert.True(Has(receiver, "/v1/traces", "became leader", "redis-worker"), "the span has not arrived");
        Assert.True(Has(receiver, "/v1/metrics", "leader_election.test_count", "redis-worker"), "the metric has not arrived");
        Assert.True(Has(receiver, "/v1/logs", "resigned for the test", "redis-worker"), "the log line has not arrived");
        Assert.All(receiver.Received, message => Assert.Equal("application/x-protobuf", message.ContentType));
    }

    [Fact]
    public async Task Requests_AreTracedButForHealth()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var builder = WebApplication.CreateBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Url;
        builder.Configuration["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
        builder.AddServiceDefaults();
        await using (var app = builder.Build())
        {
            app.MapDefaultEndpoints();
            app.MapGet("/greet/{name}", (string name) => name);
            await app.StartAsync();
            using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
            await client.GetStringAsync("/greet/you");
            await client.GetStringAsync("/health");
            await app.StopAsync();
        }

        Assert.True(Has(receiver, "/v1/traces", "GET /greet/{name}"), "the request's span has not arrived");
        Assert.False(Has(receiver, "/v1/traces", "GET /health"), "a health request was traced");
    }

    [Theory]
    [InlineData("Production", null, 404)]
    [InlineData("Production", "true", 200)]
    [InlineData("Development", null, 200)]
    public async Task Health_ForAProbeFromElsewhere_IsThereInDevelopmentOrWhereItWasOpened(string environment, string? setting, int expected)
    {
        var builder = WebApplication.CreateBuilder(["--urls", "http://127.0.0.1:0", "--environment", environment]);
        builder.Logging.ClearProviders();
        builder.Configuration["HealthEndpoints:AllowRemote"] = setting;
        builder.AddServiceDefaults();
        await using var app = builder.Build();
        app.Use((context, next) =>
        {
            context.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.7");
            return next(context);
        });
        app.MapDefaultEndpoints();
        await app.StartAsync();
        using var kubelet = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };

        foreach (var path in (string[])["/health", "/alive"])
        {
            using var answer = await kubelet.GetAsync(path);
            Assert.Equal(expected, (int)answer.StatusCode);
        }
    }

    [Theory]
    [InlineData(null, "1000")]
    [InlineData("5000", "5000")]
    public void Export_ToACollectorThatIsAway_DoesNotHoldUpTheEnd(string? setting, string expected)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        if (setting is not null)
            builder.Configuration["OTEL_EXPORTER_OTLP_TIMEOUT"] = setting;
        builder.AddServiceDefaults();
        Assert.Equal(expected, builder.Configuration["OTEL_EXPORTER_OTLP_TIMEOUT"]);
    }

    [Fact]
    public async Task HttpClient_ServiceName_IsResolvedFromConfiguration()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration["services:board:http:0"] = receiver.Url;
        builder.AddServiceDefaults();
        using var host = builder.Build();
        using var client = host.Services.GetRequiredService<IHttpClientFactory>().CreateClient();

        (await client.PostAsync("http://board/one", new StringContent("1"))).Dispose();
        (await client.PostAsync("https+http://board/two", new StringContent("2"))).Dispose();

        Assert.Equal(["/one", "/two"], receiver.Received.Select(message => message.Path));
    }

    private static bool Has(OtlpReceiver receiver, string path, params string[] texts) =>
        receiver.Received.Any(message => message.Path == path && texts.All(text => message.Body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0));
}
