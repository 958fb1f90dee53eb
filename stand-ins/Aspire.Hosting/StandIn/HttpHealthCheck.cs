using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.StandIn;

internal sealed class HttpHealthCheck(EndpointReference endpoint, string path, int statusCode, Func<HttpClient> createClient) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var timeout = new CancellationTokenSource(Patience, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var response = await createClient().GetAsync(new Uri(new Uri(endpoint.Url), path), either.Token);
            return (int)response.StatusCode == statusCode
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy($"Expected status {statusCode}, got {(int)response.StatusCode}.");
        }
        catch (Exception e) when (e is HttpRequestException or InvalidOperationException || (timeout.IsCancellationRequested && e is OperationCanceledException))
        {
            return HealthCheckResult.Unhealthy($"No answer from {endpoint.EndpointName} endpoint.", e);
        }
    }
}
