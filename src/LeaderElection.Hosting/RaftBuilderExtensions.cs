using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;

namespace Aspire.Hosting;

/// <summary>Adds Raft clusters to an application model.</summary>
public static class RaftBuilderExtensions
{
    private const int FewestMembers = 3;
    private const int MostMembers = 9;

    /// <summary>
    /// Adds a Raft cluster whose members are processes on this machine, each at a free port of 127.0.0.1 that is chosen
    /// here. Name the process of each member with <see cref="WithRaftMember"/>.
    /// </summary>
    /// <remarks>
    /// No proxy stands between the members, and none may: a refused connection tells them that a process has ended. As
    /// the addresses are those of this machine, the cluster cannot be published.
    /// </remarks>
    /// <param name="builder">The application.</param>
    /// <param name="name">The name of the resource, and of the connection string given to the members.</param>
    /// <param name="members">How many members, 3 to 9: the cluster works while more than half of them do.</param>
    /// <param name="dataDirectory">
    /// The folder below which the members keep their state; relative to the AppHost's. By default <c>raft/NAME</c>. It is to be kept: a
    /// member takes up its votes again.
    /// </param>
    /// <param name="secret">The secret that the members share, at least 16 letters or digits; by default a generated one.</param>
    /// <returns>The resource's builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It is another number of members.</exception>
    /// <exception cref="DistributedApplicationException">The application is published, not run.</exception>
    public static IResourceBuilder<RaftClusterResource> AddRaftCluster(
        this IDistributedApplicationBuilder builder, string name, int members = 5, string? dataDirectory = null, IResourceBuilder<ParameterResource>? secret = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (members is < FewestMembers or > MostMembers)
            throw new ArgumentOutOfRangeException(nameof(members), $"'{name}' cannot have {members} members: a Raft cluster has {FewestMembers} to {MostMembers}.");
        if (builder.ExecutionContext.IsPublishMode)
            throw new DistributedApplicationException($"'{name}' cannot be published: its members are at addresses of this machine. Add it when the application is run only.");

        var password = secret?.Resource ?? ParameterResourceBuilderExtensions.CreateGeneratedParameter(
            builder, $"{name}-secret", secret: true, new GenerateParameterDefault { MinLength = 32, Special = false });
        var addresses = Enumerable.Range(0, members).Select(_ => FormattableString.Invariant($"127.0.0.1:{FreePort.Next()}")).ToArray();
        var folder = Path.GetFullPath(dataDirectory ?? Path.Combine("raft", name), builder.AppHostDirectory);
        var cluster = new RaftClusterResource(name, addresses, folder, password);
        return builder.AddResource(cluster)
            .WithIconName("People")
            .WithInitialState(new CustomResourceSnapshot
            {
                ResourceType = "RaftCluster",
                State = new ResourceStateSnapshot(KnownResourceStates.Running, KnownResourceStateStyles.Success),
                Properties =
                [
                    new(ElectionRow.Source, $"{members.ToString(CultureInfo.InvariantCulture)} members"),
                    new("raft.members", cluster.Addresses) { DisplayName = "Members", IsHighlighted = true },
                ],
            });
    }

    /// <summary>
    /// Makes a process a member of the cluster: it gets the connection string under the cluster's name, its own member
    /// id and a folder for its state, where <c>AddRaftElectionBackend</c> looks for them. A member is one process, not
    /// several replicas.
    /// </summary>
    /// <typeparam name="T">Such as <see cref="ProjectResource"/>.</typeparam>
    /// <param name="builder">The process.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="index">Which member, from 0.</param>
    /// <returns>The process's builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The cluster has no such member.</exception>
    /// <exception cref="InvalidOperationException">That member is another process already.</exception>
    public static IResourceBuilder<T> WithRaftMember<T>(this IResourceBuilder<T> builder, IResourceBuilder<RaftClusterResource> cluster, int index)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(cluster);

        cluster.Resource.Take(index, builder.Resource);
        var member = cluster.Resource.Members[index];
        return builder
            .WithReference(cluster)
            .WithEnvironment("LeaderElection__Raft__Member", member)
            .WithEnvironment("LeaderElection__Raft__Directory", Path.Combine(cluster.Resource.DataDirectory, member));
    }
}
