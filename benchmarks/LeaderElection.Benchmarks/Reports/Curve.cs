namespace LeaderElection.Benchmarks.Reports;

/// <summary>A line of a chart.</summary>
internal sealed record Curve(string Name, IReadOnlyList<(double X, double Y)> Points);
