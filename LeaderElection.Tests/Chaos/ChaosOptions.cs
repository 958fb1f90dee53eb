using LeaderElection.Tests.History;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Chaos;

/// <summary>What a chaos run does.</summary>
/// <param name="Duration">For how long faults are injected.</param>
/// <param name="Seed">Of the schedules.</param>
/// <param name="Strategies">All at once.</param>
internal sealed record ChaosOptions(TimeSpan Duration, int Seed, IReadOnlyList<string> Strategies)
{
    public static IReadOnlyList<string> AllStrategies { get; } = ["file", "redis", "redis3", "etcd", "zookeeper", "raft"];

    /// <summary>A seed that is as likely as any other, and short enough to be typed.</summary>
    public static int NewSeed() => Random.Shared.Next(1_000_000);

    /// <summary>Long enough that a busy machine does not lose it by itself.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(3);

    public int Candidates { get; init; } = 3;

    /// <summary>Whether each candidate has a network to itself, whose packets the kernel drops; else proxies on loopback drop them.</summary>
    public bool HasNetworks { get; init; } = NetworkNamespace.IsPossible;

    /// <summary>What a busy machine may add to the bound of I4.</summary>
    public TimeSpan Slack { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Only these faults; all if empty.</summary>
    public IReadOnlyList<ChaosFault> Faults { get; init; } = [];

    /// <summary>A mistake to be caught.</summary>
    public CandidateDefect Defect { get; init; }

    /// <summary>Whether the first violation ends the run.</summary>
    public bool StopsAtViolation { get; init; }

    public string? JsonFile { get; init; }

    /// <summary>The command that runs the same again.</summary>
    public string Command => FormattableString.Invariant(
        $"./test chaos --minutes {Duration.TotalMinutes:0.##} --seed {Seed} --strategies {string.Join(',', Strategies)} --candidates {Candidates} --network {(HasNetworks ? "own" : "loopback")}{(Faults is [] ? "" : $" --faults {string.Join(',', Faults)}")}");
}
