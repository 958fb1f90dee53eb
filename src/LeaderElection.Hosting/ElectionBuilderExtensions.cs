using Aspire.Hosting.ApplicationModel;
using LeaderElection;
using LeaderElection.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>Adds elections to an application model.</summary>
public static class ElectionBuilderExtensions
{
    /// <summary>
    /// Adds an election as a row that says who leads and under which fencing token. It is <c>Running</c> and healthy
    /// while somebody leads, so that <c>WaitFor</c> on it waits for a leader. Say what it is held on with
    /// <see cref="ElectionPlaceExtensions.On"/>, <see cref="ElectionPlaceExtensions.InFolder(IResourceBuilder{ElectionResource}, string)"/>
    /// or <see cref="ElectionPlaceExtensions.OnRaft"/>, and let the projects whose replicas campaign in it reference it.
    /// </summary>
    /// <example>
    /// <code>
    /// var redis = builder.AddRedis("redis");
    /// var orders = builder.AddElection("orders").On(redis);
    /// builder.AddProject&lt;Projects.Worker&gt;("worker").WithReplicas(3).WithReference(orders);
    /// </code>
    /// </example>
    /// <param name="builder">The application.</param>
    /// <param name="name">The name of the resource.</param>
    /// <param name="electionName">The election's name, as its candidates know it; by default that of the resource.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<ElectionResource> AddElection(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string? electionName = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);

        var check = $"{name}_leader";
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            check, services => new LeaderHealthCheck(name, services.GetRequiredService<ResourceNotificationService>()), failureStatus: null, tags: null));
        return builder.AddResource(new ElectionResource(name, ElectionNames.Validate(electionName ?? name, nameof(electionName))))
            .WithIconName("Crown")
            .WithHealthCheck(check)
            .ExcludeFromManifest()
            .WithInitialState(new CustomResourceSnapshot
            {
                ResourceType = "Election",
                State = new ResourceStateSnapshot(KnownResourceStates.Starting, KnownResourceStateStyles.Info),
                Properties = [],
            })
            .OnInitializeResource((election, start, stop) =>
            {
                // Not awaited: it goes on for as long as the application runs.
                _ = new ElectionObserver(election, start).RunAsync();
                return Task.CompletedTask;
            });
    }

    /// <summary>Says how long the leader may be silent: its candidates get it as <c>LeaderElection__LeaseDuration</c>.</summary>
    /// <param name="builder">The election.</param>
    /// <param name="leaseDuration">The duration; by default each strategy has its own.</param>
    /// <returns>The resource's builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It is not more than zero.</exception>
    public static IResourceBuilder<ElectionResource> WithLeaseDuration(this IResourceBuilder<ElectionResource> builder, TimeSpan leaseDuration)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(leaseDuration, TimeSpan.Zero);

        builder.Resource.LeaseDuration = leaseDuration;
        return builder;
    }

    /// <summary>
    /// Observes the election through a backend of one's own, instead of what it is held on: the backend is opened once
    /// what the election waits for is well, and is disposed of when the application stops. It only observes, it never campaigns.
    /// </summary>
    /// <param name="builder">The election.</param>
    /// <param name="open">Opens a backend by which the election can be seen.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<ElectionResource> ObservedThrough(
        this IResourceBuilder<ElectionResource> builder, Func<IServiceProvider, CancellationToken, Task<IElectionBackend>> open)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(open);

        builder.Resource.Open = open;
        return builder;
    }
}
