namespace LeaderElection.Benchmarks.Measures;

/// <summary>What takes its turn in a measurement, round by round.</summary>
/// <param name="Round">Measures once, in ms.</param>
/// <param name="Restore">Makes it ready for the next round.</param>
internal sealed record Subject(string Name, Func<Task<Failure>> Round, Func<Task> Restore);
