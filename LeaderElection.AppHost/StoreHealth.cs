using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LeaderElection.AppHost;

internal static class StoreHealth
{
    /// <summary>One line for each store that is not up and well: what its row says.</summary>
    public static IEnumerable<string> Unwell(this DistributedApplicationModel model, ResourceNotificationService notifications) =>
        from store in model.Resources.OfType<IResourceWithConnectionString>()
        where store is ContainerResource or ExecutableResource
        let row = notifications.TryGetCurrentState(store.Name, out var latest) ? latest.Snapshot : null
        where row?.State?.Text != KnownResourceStates.Running || row.HealthStatus != HealthStatus.Healthy
        select $"{store.Name,-14} is not up: {Describe(row)}; its log is in the dashboard";

    private static string Describe(CustomResourceSnapshot? row) => row?.State?.Text switch
    {
        null or "" => "it was not started yet",
        { } state when state == KnownResourceStates.Running => $"it runs, and {(row.HealthStatus is null ? "was not asked yet" : "does not answer as it should")}",
        { } state => $"its state is {state}",
    };
}
