using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.StandIn;

/// What is seen on the console: each change of state, and when all is up.
internal sealed class ConsoleReport(ResourceNotificationService notifications, DistributedApplicationModel model) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var states = new Dictionary<string, string>();
        var pending = model.Resources.Select(resource => resource.Name).ToHashSet();
        var latest = new Dictionary<string, ResourceEvent>();
        var told = false;
        try
        {
            await foreach (var change in notifications.WatchAsync(stoppingToken))
            {
                if (change.Snapshot.IsHidden)
                    continue;

                latest[change.ResourceId] = change;
                var state = Describe(change.Snapshot);
                if (states.GetValueOrDefault(change.ResourceId) != state)
                {
                    states[change.ResourceId] = state;
                    Console.WriteLine($"  {change.ResourceId,-32} {state}");
                }

                pending.Remove(change.Resource.Name);
                if (!told && pending.Count == 0 && latest.Values.All(e => IsSettled(e.Snapshot)))
                {
                    told = true;
                    Console.WriteLine("Distributed application started. Press Ctrl+C to shut down.");
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The application ends.
        }
    }

    private static bool IsSettled(CustomResourceSnapshot snapshot) =>
        snapshot.State?.Text is { } state
        && state != KnownResourceStates.NotStarted && state != KnownResourceStates.Starting && state != KnownResourceStates.Waiting
        && (state != KnownResourceStates.Running || snapshot.HealthStatus == HealthStatus.Healthy);

    private static string Describe(CustomResourceSnapshot snapshot) => (snapshot.State?.Text, snapshot.HealthStatus, snapshot.ExitCode) switch
    {
        (null, _, _) => "Unknown",
        (var state, _, _) when state == KnownResourceStates.FailedToStart =>
            $"{state}: {snapshot.Properties.FirstOrDefault(property => property.Name == Snapshots.FailureProperty)?.Value}",
        (var state, not null and not HealthStatus.Healthy, _) => $"{state} ({snapshot.HealthStatus})",
        (var state, _, { } code and not 0) => $"{state} (exit code {code})",
        var (state, _, _) => state,
    };
}
