namespace Aspire.Hosting.ApplicationModel;

/// <summary>An election: a row that says who leads, with the replicas that campaign in it nested under it.</summary>
/// <param name="name">The name of the resource.</param>
/// <param name="electionName">The election's name, as its candidates know it.</param>
public sealed class ElectionResource(string name, string electionName) : Resource(name), IResourceWithWaitSupport
{
    /// <summary>The election's name, as its candidates know it.</summary>
    public string ElectionName { get; } = electionName;
}
