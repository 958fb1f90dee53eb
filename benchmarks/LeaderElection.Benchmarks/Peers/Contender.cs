using LeaderElection.Benchmarks.Stores;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Peers;

/// <summary>An implementation that takes part: ours, or a peer.</summary>
/// <param name="Start">Starts one candidate process that speaks the protocol.</param>
internal sealed record Contender(string Name, Func<Seat, ChildProcess> Start)
{
    public const string Ours = "ours";

    /// <summary>Whether it is this program, or a worker built for it.</summary>
    public bool IsOurs { get; init; } = Name == Ours;
}
