using Aspire.Hosting.ApplicationModel;

namespace LeaderElection.Hosting;

/// <summary>Reads what an election's row says.</summary>
public static class ElectionSnapshotExtensions
{
    /// <summary>The leader's candidate id and fencing token, or <see langword="null"/> while nobody leads.</summary>
    /// <param name="snapshot">The snapshot of an <see cref="ElectionResource"/>.</param>
    /// <returns>The leader.</returns>
    public static (string Candidate, long FencingToken)? GetLeader(this CustomResourceSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return Value(ElectionProperties.Leader) is string { Length: > 0 } leader && Value(ElectionProperties.FencingToken) is long token
            ? (leader, token)
            : null;

        object? Value(string name) => snapshot.Properties.FirstOrDefault(property => property.Name == name)?.Value;
    }
}
