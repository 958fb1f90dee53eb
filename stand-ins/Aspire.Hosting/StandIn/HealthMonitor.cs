using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.StandIn;

/// Runs the health checks of every resource that is running, often until they succeed and seldom after that. The first
/// success of each run is the resource's ready event.
internal sealed class HealthMonitor(
    DistributedApplicationModel model,
    ResourceNotificationService notifications,
    HealthCheckService healthChecks,
    IDistributedApplicationEventing eventing,
    IServiceProvider services) : BackgroundService
{
    private static readonly TimeSpan UntilHealthy = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan OnceHealthy = TimeSpan.FromSeconds(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        from resource in model.Resources
        let keys = resource.Annotations.OfType<HealthCheckAnnotation>().Select(check => check.Key).ToHashSet()
        select WatchAsync(resource, keys, stoppingToken));

    private async Task WatchAsync(IResource resource, HashSet<string> keys, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await notifications.WaitForResourceAsync(resource.Name, KnownResourceStates.Running, cancellationToken);
                using var run = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                var checks = CheckAsync(resource, keys, run.Token);
                await WaitForEndAsync(resource, cancellationToken);
                await run.CancelAsync();
                await checks;
            }
        }
        catch (OperationCanceledException)
        {
            // The application ends.
        }
    }

    private async Task CheckAsync(IResource resource, HashSet<string> keys, CancellationToken cancellationToken)
    {
        var isReady = false;
        try
        {
            while (true)
            {
                var report = await healthChecks.CheckHealthAsync(check => keys.Contains(check.Name), cancellationToken);
                await PublishAsync(resource, report);
                if (report.Status == HealthStatus.Healthy && !isReady)
                {
                    isReady = true;
                    _ = eventing.PublishAsync(new ResourceReadyEvent(resource, services), cancellationToken);
                }

                if (keys.Count == 0)
                    return;

                await Task.Delay(report.Status == HealthStatus.Healthy ? OnceHealthy : UntilHealthy, TimeProvider.System, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // It no longer runs.
        }
    }

    /// The replicas of a resource are watched as one: as long as one of them lives, it runs.
    private async Task WaitForEndAsync(IResource resource, CancellationToken cancellationToken)
    {
        var ended = new Dictionary<string, bool>();
        var count = notifications.IdsOf(resource).Count;
        await notifications.WaitForResourceAsync(
            resource.Name,
            e =>
            {
                ended[e.ResourceId] = KnownResourceStates.TerminalStates.Contains(e.Snapshot.State?.Text);
                return ended.Count == count && ended.Values.All(value => value);
            },
            cancellationToken);
    }

    private async Task PublishAsync(IResource resource, HealthReport report)
    {
        if (report.Entries.Count == 0)
            return;

        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var reports = report.Entries
            .Select(entry => new HealthReportSnapshot(entry.Key, entry.Value.Status, entry.Value.Description, entry.Value.Exception?.ToString()) { LastRunAt = now })
            .ToImmutableArray();

        foreach (var id in notifications.IdsOf(resource))
            await notifications.PublishUpdateAsync(resource, id, s => s with { HealthReports = reports });
    }
}
