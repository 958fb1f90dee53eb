using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace LeaderElection.Tests.App;

internal static class TestApplication
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static IDistributedApplicationBuilder CreateBuilder(params string[] args) => DistributedApplication.CreateBuilder(new DistributedApplicationOptions
    {
        Args = ["--DcpPublisher:RandomizePorts=true", .. args],
        AssemblyName = typeof(Projects.LeaderElection_AppHost).Assembly.GetName().Name,
        DisableDashboard = true,
    });

    /// Replicas of the worker in an election of their own, in a folder.
    public static IResourceBuilder<ProjectResource> AddFileWorker(this IDistributedApplicationBuilder builder, string name, string folder) => builder
        .AddProject<Projects.LeaderElection_Worker>(name, launchProfileName: null)
        .WithHttpEndpoint()
        .WithHttpHealthCheck("/health")
        .WithEnvironment("LeaderElection__Strategy", "file")
        .WithEnvironment("LeaderElection__Election", name)
        .WithEnvironment("LeaderElection__Directory", folder);

    /// Waits until so many replicas are up and well, and gives the latest of each.
    public static async Task<IReadOnlyDictionary<string, ResourceEvent>> WaitForReplicasAsync(
        this DistributedApplication app, string name, int count, CancellationToken cancellationToken)
    {
        var latest = new Dictionary<string, ResourceEvent>();
        await app.ResourceNotifications.WaitForResourceAsync(
            name,
            e =>
            {
                latest[e.ResourceId] = e;
                return latest.Values.Count(IsWell) == count;
            },
            cancellationToken);

        return latest;
    }

    public static bool IsWell(ResourceEvent e) => e.Snapshot.HealthStatus == Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy;
}
