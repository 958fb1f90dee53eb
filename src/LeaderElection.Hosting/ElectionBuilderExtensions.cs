using Aspire.Hosting.ApplicationModel;
using LeaderElection;
using LeaderElection.Hosting;

namespace Aspire.Hosting;

/// <summary>Adds elections to an application model.</summary>
public static class ElectionBuilderExtensions
{
    /// <summary>
    /// Adds an election as a row that says who leads and under which fencing token. Say with
    /// <see cref="ObservedThrough"/> where that can be seen, and nest the resources whose replicas campaign in it under
    /// it by <c>WithParentRelationship</c>: they are its candidates.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The name of the resource.</param>
    /// <param name="electionName">The election's name, as its candidates know it; by default that of the resource.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<ElectionResource> AddElection(this IDistributedApplicationBuilder builder, string name, string? electionName = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);

        return builder.AddResource(new ElectionResource(name, ElectionNames.Validate(electionName ?? name, nameof(electionName))))
            .WithIconName("Crown")
            .WithInitialState(new CustomResourceSnapshot
            {
                ResourceType = "Election",
                State = new ResourceStateSnapshot(KnownResourceStates.Starting, KnownResourceStateStyles.Info),
                Properties = [],
            });
    }

    /// <summary>
    /// Observes the election on its store: the backend is opened once what the election waits for is well, and is
    /// disposed of when the application stops. It only observes, it never campaigns.
    /// </summary>
    /// <param name="builder">The election.</param>
    /// <param name="open">Opens a backend on the store that the candidates use.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<ElectionResource> ObservedThrough(
        this IResourceBuilder<ElectionResource> builder, Func<IServiceProvider, CancellationToken, Task<IElectionBackend>> open)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(open);

        return builder.OnInitializeResource((election, start, stop) =>
        {
            // Not awaited: it goes on for as long as the application runs.
            _ = new ElectionObserver(election, open, start).RunAsync();
            return Task.CompletedTask;
        });
    }

    /// <summary>
    /// Adds a command that posts to the replica that leads, at its own address, and answers with who leads then.
    /// It is disabled while nobody leads.
    /// </summary>
    /// <param name="builder">The election.</param>
    /// <param name="name">The command's name.</param>
    /// <param name="displayName">What its button says.</param>
    /// <param name="path">The path, and query, to post to.</param>
    /// <param name="done">What the leader did then, for the answer: it follows the leader's id, as in "stepped down".</param>
    /// <param name="options">Icon, confirmation and the like; <c>UpdateState</c> is set here.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<ElectionResource> WithLeaderCommand(
        this IResourceBuilder<ElectionResource> builder, string name, string displayName, string path, string done, CommandOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(done);

        options ??= new CommandOptions();
        options.UpdateState = LeaderCommand.UpdateState;
        return builder.WithCommand(name, displayName, new LeaderCommand(builder.Resource, path, done).ExecuteAsync, options);
    }
}
