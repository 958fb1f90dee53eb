using LeaderElection.Tests.Load;

namespace LeaderElection.Tests.Races;

/// <summary>What a run of interleavings does.</summary>
/// <param name="Duration">For how long, all strategies together.</param>
/// <param name="Seed">Of the first interleaving; each next has the next.</param>
/// <param name="Strategies">One after the other.</param>
internal sealed record RacesOptions(TimeSpan Duration, int Seed, IReadOnlyList<string> Strategies)
{
    /// <summary>Not raft: two members of three in one process hold each other's majority, and those that would stay keep the scheduler waiting.</summary>
    public static IReadOnlyList<string> AllStrategies { get; } = [.. RaceRun.Engines, .. LoadStore.AllStrategies.Where(strategy => strategy != "raft")];

    /// <summary>How many on each strategy at most.</summary>
    public int Interleavings { get; init; } = int.MaxValue;

    /// <summary>How often each is run: a seed does not repeat every run.</summary>
    public int Times { get; init; } = 1;
}
