using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LeaderElection.Hosting;

/// <summary>An election is healthy while somebody leads.</summary>
internal sealed class LeaderHealthCheck(string election, ResourceNotificationService notifications) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        notifications.TryGetCurrentState(election, out var row) && row.Snapshot.GetLeader() is var (leader, token)
            ? HealthCheckResult.Healthy($"{leader} leads under fencing token {token}.")
            : HealthCheckResult.Unhealthy("Nobody leads."));
}
