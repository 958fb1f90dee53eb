namespace LeaderElection.Tests.Chaos;

/// <summary>What came of one strategy.</summary>
/// <param name="Strategy">Which.</param>
/// <param name="Leaderships">How many there were.</param>
/// <param name="Writes">How many writes the resource accepted.</param>
/// <param name="Refused">How many late writes it refused.</param>
/// <param name="Faults">How often each fault was injected.</param>
/// <param name="LongestGapMs">The longest time without a leader, whatever the reason.</param>
/// <param name="LongestUnexcusedGapMs">The longest part of one in which the store was there and no fault began or ended: what I4 bounds.</param>
/// <param name="BoundMs">I4's bound: lease, the store's own fail-over, slack.</param>
/// <param name="HandOvers">How many resignations counted for I3.</param>
/// <param name="LongestHandOverMs">The longest of these, from the return of the resignation.</param>
/// <param name="HandOverBoundMs">I3's bound.</param>
/// <param name="Violations">What was broken, with its events.</param>
internal sealed record ChaosReport(
    string Strategy, int Leaderships, int Writes, int Refused, IReadOnlyDictionary<ChaosFault, int> Faults, long LongestGapMs,
    long LongestUnexcusedGapMs, long BoundMs, int HandOvers, long LongestHandOverMs, long HandOverBoundMs, IReadOnlyList<string> Violations);
