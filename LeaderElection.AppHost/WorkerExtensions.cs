using System.Globalization;

namespace LeaderElection.AppHost;

internal static class WorkerExtensions
{
    /// <summary>Adds the replicas that campaign in one election by one strategy.</summary>
    public static IResourceBuilder<ProjectResource> AddWorkers(
        this IDistributedApplicationBuilder builder,
        string strategy,
        IResourceBuilder<ElectionResource> election,
        IResourceBuilder<ProjectResource> board,
        AppHostOptions options) => builder
        .AddProject<Projects.LeaderElection_Worker>($"{strategy}-worker", launchProfileName: null)
        .WithReplicas(options.Replicas)
        .WithParentRelationship(election)
        .WithHttpEndpoint()
        .WithHttpHealthCheck("/health")
        .WithReference(board)
        .WaitFor(board)
        .WithEnvironment("ASPNETCORE_ENVIRONMENT", builder.Environment.EnvironmentName)
        .WithEnvironment("LeaderElection__Strategy", strategy)
        .WithEnvironment("LeaderElection__Election", election.Resource.ElectionName)
        .WithEnvironment("LeaderElection__LeaseDuration", options.LeaseDuration.ToString("c", CultureInfo.InvariantCulture));
}
