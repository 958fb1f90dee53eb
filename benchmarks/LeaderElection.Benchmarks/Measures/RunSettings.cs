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
    /// <value>Null for 1,000, and in <c>scale</c> up to 10,000.</value>
    public int? Elections { get; init; }

    /// <summary>All commands in one run: fewer rounds, and shorter looks at what is idle.</summary>
    public bool IsBrief { get; init; }

    /// <summary>How long the load of a store and of processes is looked at.</summary>
    public TimeSpan Window => TimeSpan.FromSeconds(IsBrief ? 5 : 15);

    /// <summary>In which ways the worker is built whose first take-over is measured.</summary>
    public required IReadOnlyList<string> Builds { get; init; }

    /// <summary>For how long processes wait for their first take-over.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A file for the picture of the curves.</summary>
    public string? Picture { get; init; }
}
