using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Makes resources the candidates of an election.</summary>
public static class ElectionReferenceExtensions
{
    /// <summary>
    /// Lets the replicas of a resource campaign in an election: they get how it is held (<c>LeaderElection__Strategy</c>),
    /// its name (<c>LeaderElection__Election</c>), and where (the connection string of the strategy's name, and that of the
    /// store's name if that is another one), start when the store is well, and are nested under the election's row.
    /// </summary>
    /// <remarks>
    /// In the process, <c>AddRedisElectionBackend("redis")</c> or the like finds it. On Raft, the resource becomes the next
    /// member of the cluster, see <see cref="RaftBuilderExtensions.WithRaftMember"/>.
    /// </remarks>
    /// <typeparam name="T">Such as <see cref="ProjectResource"/>.</typeparam>
    /// <param name="builder">The candidate.</param>
    /// <param name="election">The election.</param>
    /// <returns>The candidate's builder.</returns>
    /// <exception cref="InvalidOperationException">It was not said yet what the election is held on.</exception>
    public static IResourceBuilder<T> WithReference<T>(this IResourceBuilder<T> builder, IResourceBuilder<ElectionResource> election)
        where T : IResourceWithEnvironment, IResourceWithEndpoints, IResourceWithWaitSupport
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(election);

        var resource = election.Resource;
        if (resource.Strategy is not { } strategy)
            throw new InvalidOperationException($"Say what the election '{resource.Name}' is held on before '{builder.Resource.Name}' references it: On(store), InFolder(folder) or OnRaft(cluster).");

        builder
            .WithParentRelationship(resource)
            .WithEnvironment("LeaderElection__Strategy", strategy)
            .WithEnvironment("LeaderElection__Election", resource.ElectionName)
            .WithEnvironment(context =>
            {
                if (resource.LeaseDuration is { } lease)
                    context.EnvironmentVariables["LeaderElection__LeaseDuration"] = lease.ToString("c", CultureInfo.InvariantCulture);
            });
        return resource.Store switch
        {
            null => builder.WithEnvironment(context => context.EnvironmentVariables[$"ConnectionStrings__{resource.ConnectionName}"] = resource.Folder!),
            RaftClusterResource cluster => builder.WithRaftMember(builder.ApplicationBuilder.CreateResourceBuilder(cluster)),
            var store => builder.WithStore(builder.ApplicationBuilder.CreateResourceBuilder(store), resource.ConnectionName),
        };
    }

    private static IResourceBuilder<T> WithStore<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResourceWithConnectionString> store, string connectionName)
        where T : IResourceWithEnvironment, IResourceWithWaitSupport
    {
        builder.WithReference(store).WaitFor(store);
        return store.Resource.Name.Equals(connectionName, StringComparison.OrdinalIgnoreCase) ? builder : builder.WithReference(store, connectionName);
    }
}
