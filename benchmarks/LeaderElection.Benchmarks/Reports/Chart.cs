namespace LeaderElection.Benchmarks.Reports;

/// <summary>One chart of a picture.</summary>
/// <param name="XTitle">The axis, which is logarithmic.</param>
/// <param name="IsLogarithmic">Whether the other axis is, too.</param>
internal sealed record Chart(string Title, string XTitle, string Unit, bool IsLogarithmic, IReadOnlyList<Curve> Curves);
