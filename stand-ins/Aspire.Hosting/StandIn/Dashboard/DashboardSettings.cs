using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.StandIn.Dashboard;

/// Where the dashboard listens, where it finds its resources, and the keys between the two. The settings have the names
/// that Aspire gives them. Everything is plain HTTP on loopback: of an https address only the port is taken.
internal sealed class DashboardSettings
{
    private const string OtlpApiKeyName = "AppHost:OtlpApiKey";
    private const string OtlpUrlName = "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL";
    private const string OtlpHttpUrlName = "ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL";
    private const string ResourceServiceUrlName = "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL";

    private readonly IConfiguration _configuration;

    public DashboardSettings(IConfiguration configuration)
    {
        _configuration = configuration;
        PageUrl = Address("ASPNETCORE_URLS");
        OtlpUrl = Address(OtlpUrlName);
        OtlpHttpUrl = Address(OtlpHttpUrlName);
        ResourceServiceUrl = Address(ResourceServiceUrlName);
        BrowserToken = configuration["ASPIRE_DASHBOARD_FRONTEND_BROWSERTOKEN"] is { Length: > 0 } token ? token : NewKey();
        ResourceServiceKey = configuration["ASPIRE_DASHBOARD_RESOURCESERVICE_APIKEY"] is { Length: > 0 } key ? key : NewKey();
        OtlpKey = configuration[OtlpApiKeyName] is { Length: > 0 } otlpKey ? otlpKey : NewKey();
        ProgramPath = configuration["DcpPublisher:DashboardPath"];

        // Where others look for them.
        configuration["ASPNETCORE_URLS"] = Text(PageUrl);
        configuration[OtlpUrlName] = Text(OtlpUrl);
        configuration[OtlpHttpUrlName] = Text(OtlpHttpUrl);
        configuration[ResourceServiceUrlName] = Text(ResourceServiceUrl);
        configuration["AppHost:BrowserToken"] = BrowserToken;
        configuration["AppHost:ResourceService:AuthMode"] = "ApiKey";
        configuration["AppHost:ResourceService:ApiKey"] = ResourceServiceKey;
        configuration[OtlpApiKeyName] = OtlpKey;
    }

    public Uri PageUrl { get; }

    public Uri OtlpUrl { get; }

    public Uri OtlpHttpUrl { get; }

    public Uri ResourceServiceUrl { get; }

    public string BrowserToken { get; }

    public string ResourceServiceKey { get; }

    public string OtlpKey { get; }

    /// A dashboard that is on the machine already, in place of the one that npm brings.
    public string? ProgramPath { get; }

    public Uri LoginUrl => new(PageUrl, $"/login?t={BrowserToken}");

    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Production",
        ["DOTNET_ENVIRONMENT"] = "Production",
        ["ASPNETCORE_URLS"] = Text(PageUrl),
        ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true",
        [OtlpUrlName] = Text(OtlpUrl),
        [OtlpHttpUrlName] = Text(OtlpHttpUrl),
        ["ASPIRE_DASHBOARD_TELEMETRY_OPTOUT"] = "true",
        [ResourceServiceUrlName] = Text(ResourceServiceUrl),
        ["DASHBOARD__FRONTEND__AUTHMODE"] = "BrowserToken",
        ["DASHBOARD__FRONTEND__BROWSERTOKEN"] = BrowserToken,
        ["DASHBOARD__FRONTEND__PUBLICURL"] = Text(PageUrl),
        ["DASHBOARD__OTLP__AUTHMODE"] = "ApiKey",
        ["DASHBOARD__OTLP__PRIMARYAPIKEY"] = OtlpKey,
        ["DASHBOARD__RESOURCESERVICECLIENT__AUTHMODE"] = "ApiKey",
        ["DASHBOARD__RESOURCESERVICECLIENT__APIKEY"] = ResourceServiceKey,
    };

    /// What a process needs to send its telemetry; nothing where no dashboard is to come.
    public static IEnumerable<KeyValuePair<string, string>> TelemetryEnvironment(IConfiguration configuration, bool isDevelopment)
    {
        if (configuration[OtlpApiKeyName] is not { Length: > 0 } key || configuration[OtlpUrlName] is not { } url)
            yield break;

        yield return new("OTEL_EXPORTER_OTLP_ENDPOINT", url);
        yield return new("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        yield return new("OTEL_EXPORTER_OTLP_HEADERS", $"x-otlp-api-key={key}");
        if (!isDevelopment)
            yield break;

        // So that the page shows at once what happens.
        yield return new("OTEL_BLRP_SCHEDULE_DELAY", "1000");
        yield return new("OTEL_BSP_SCHEDULE_DELAY", "1000");
        yield return new("OTEL_METRIC_EXPORT_INTERVAL", "1000");
        yield return new("OTEL_TRACES_SAMPLER", "always_on");
        yield return new("OTEL_METRICS_EXEMPLAR_FILTER", "trace_based");
        yield return new("OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION", "true");
        yield return new("OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION", "true");
    }

    public void TellNobodyToSendTelemetry() => _configuration[OtlpApiKeyName] = null;

    private static string NewKey() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private static string Text(Uri uri) => uri.GetLeftPart(UriPartial.Authority);

    private Uri Address(string key)
    {
        // Set by the testing builder, so that tests do not meet on fixed ports.
        var fixedPorts = !_configuration.GetValue<bool>("DcpPublisher:RandomizePorts");
        var given = (_configuration[key] ?? string.Empty)
            .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(text => Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri : null)
            .OfType<Uri>()
            .OrderBy(uri => uri.Scheme == Uri.UriSchemeHttp ? 0 : 1)
            .FirstOrDefault();

        return new UriBuilder(Uri.UriSchemeHttp, "localhost", fixedPorts && given is { Port: > 0 } ? given.Port : FreePort.Next()).Uri;
    }
}
