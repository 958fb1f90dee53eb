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
        .AddWorker($"{strategy}-worker", strategy, election, board, options)
        .WithReplicas(options.ReplicasOf(strategy));

    /// <summary>Adds the members of a Raft cluster, each a resource of its own, as each has an address of its own.</summary>
    public static void AddRaftWorkers(
        this IDistributedApplicationBuilder builder,
        IResourceBuilder<ElectionResource> election,
        IResourceBuilder<ProjectResource> board,
        AppHostOptions options,
        string dataDirectory)
    {
        var cluster = builder.AddRaftCluster("raft", options.ReplicasOf("raft"), dataDirectory);
        foreach (var (index, member) in cluster.Resource.Members.Index())
            builder.AddWorker($"raft-{member}", "raft", election, board, options).WithRaftMember(cluster, index);
    }

    private static IResourceBuilder<ProjectResource> AddWorker(
        this IDistributedApplicationBuilder builder,
        string name,
        string strategy,
        IResourceBuilder<ElectionResource> election,
        IResourceBuilder<ProjectResource> board,
        AppHostOptions options) => builder
        .AddProject<Projects.LeaderElection_Worker>(name, launchProfileName: null)
        .WithParentRelationship(election)
        .WithHttpEndpoint()
        .WithHttpHealthCheck("/health")
        .WithReference(board)
        .WaitFor(board)
        .WithEnvironment("ASPNETCORE_ENVIRONMENT", builder.Environment.EnvironmentName)
        .WithEnvironment("LeaderElection__Strategy", strategy)
        .WithEnvironment("LeaderElection__Election", election.Resource.ElectionName)
        .WithEnvironment("LeaderElection__LeaseDuration", options.LeaseOf(strategy).ToString("c", CultureInfo.InvariantCulture));
}
