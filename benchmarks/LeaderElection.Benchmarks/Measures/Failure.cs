namespace LeaderElection.Benchmarks.Measures;

/// <summary>How long it took until another led, in ms.</summary>
/// <param name="Total">Since the leader was killed or frozen.</param>
/// <param name="OverLease">Since its lease ran out on the store, where that can be seen.</param>
internal sealed record Failure(double Total, double? OverLease);
