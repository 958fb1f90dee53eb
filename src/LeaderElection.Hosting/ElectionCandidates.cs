using Aspire.Hosting.ApplicationModel;

namespace LeaderElection.Hosting;

/// <summary>The replicas of an election: those of the resources nested under it.</summary>
internal static class ElectionCandidates
{
    public static bool HasCandidates(this ElectionResource election, IResource resource) => resource.Annotations
        .OfType<ResourceRelationshipAnnotation>().Any(relation => relation.Type == "Parent" && relation.Resource == election);

    /// <summary>The ids of the replicas that run, in order.</summary>
    public static IReadOnlyList<string> RunningReplicas(this ElectionResource election, ResourceNotificationService notifications) =>
        notifications.TryGetCurrentState(election.Name, out var row)
        && row.Snapshot.Properties.FirstOrDefault(property => property.Name == ElectionProperties.Candidates)?.Value is string list
            ? list.Split(", ", StringSplitOptions.RemoveEmptyEntries)
            : [];

    /// <summary>A replica's own web address. That of its endpoint would do for any of them: a proxy spreads it over all.</summary>
    public static Uri? OwnAddress(this ElectionResource election, ResourceNotificationService notifications, string replica)
    {
        if (!notifications.TryGetCurrentState(replica, out var current) || !election.HasCandidates(current.Resource))
            return null;

        var urls = current.Snapshot.EnvironmentVariables.FirstOrDefault(variable => variable.Name == "ASPNETCORE_URLS")?.Value ?? string.Empty;
        return urls.Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(url => Uri.TryCreate(url, UriKind.Absolute, out var address) ? address : null)
            .OrderBy(address => address?.Scheme, StringComparer.Ordinal)
            .FirstOrDefault(address => address is not null);
    }
}
