using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LeaderElection.Board.Ledger;

internal sealed class LedgerHealthCheck(LedgerStore ledger) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            ledger.Read("health", 1);
        }
        catch (LedgerException exception)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy(exception.Message));
        }
        return Task.FromResult(ledger.Trouble is { } trouble ? HealthCheckResult.Unhealthy(trouble) : HealthCheckResult.Healthy());
    }
}
