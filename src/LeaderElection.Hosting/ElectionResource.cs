using LeaderElection;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>An election: a row that says who leads, with the replicas that campaign in it nested under it.</summary>
/// <param name="name">The name of the resource.</param>
/// <param name="electionName">The election's name, as its candidates know it.</param>
public sealed class ElectionResource(string name, string electionName) : Resource(name), IResourceWithWaitSupport
{
    /// <summary>The election's name, as its candidates know it.</summary>
    public string ElectionName { get; } = electionName;

    /// <summary>
    /// How it is held: <c>file</c>, <c>redis</c>, <c>etcd</c>, <c>zookeeper</c> or <c>raft</c>; <see langword="null"/>
    /// until that was said.
    /// </summary>
    public string? Strategy { get; internal set; }

    /// <summary>How long its leader may be silent, if that was said.</summary>
    public TimeSpan? LeaseDuration { get; internal set; }

    /// <summary>The name of the connection string that its candidates look for.</summary>
    internal string ConnectionName => Strategy!;

    /// <summary>What it is held on: a store or a Raft cluster; <see langword="null"/> for a folder.</summary>
    internal IResourceWithConnectionString? Store { get; set; }

    /// <summary>The folder that its candidates share: a path, or a parameter that holds one.</summary>
    internal object? Folder { get; set; }

    /// <summary>Opens the backend through which its row observes it.</summary>
    internal Func<IServiceProvider, CancellationToken, Task<IElectionBackend>>? Open { get; set; }
}
