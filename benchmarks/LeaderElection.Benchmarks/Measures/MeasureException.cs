namespace LeaderElection.Benchmarks.Measures;

/// <summary>A measurement that could not be made; the message says why.</summary>
internal sealed class MeasureException(string message) : Exception(message);
