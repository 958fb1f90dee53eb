namespace LeaderElection.Benchmarks.Measures;

/// <summary>What the command line asks for.</summary>
/// <param name="Endpoints">Stores that run already, by strategy.</param>
/// <param name="Rounds">Null for what suits the measure.</param>
/// <param name="Lease">Null for 5 s, and 0.15 s on raft.</param>
/// <param name="Members">How many servers etcd and ZooKeeper have.</param>
/// <param name="Flushes">Whether Redis flushes each write to disk.</param>
internal sealed record RunSettings(
    IReadOnlyList<string> Strategies, IReadOnlyDictionary<string, string> Endpoints, int? Rounds, TimeSpan? Lease, int Members, bool Flushes)
{
    /// <summary>How many elections the measures of many hold.</summary>
    public int Elections { get; init; } = 1000;

    /// <summary>A file for the picture of the curves.</summary>
    public string? Picture { get; init; }
}
