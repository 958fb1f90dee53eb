namespace LeaderElection.Benchmarks.Reports;

/// <summary>What was measured once or many times.</summary>
/// <param name="Measure">What it is, such as <c>handover</c>.</param>
/// <param name="Where">The strategy, with its number of servers where there are several.</param>
/// <param name="Subject"><c>ours</c>, or the peer.</param>
internal sealed record Series(string Measure, string Where, string Subject, string Unit, IReadOnlyList<double> Values)
{
    /// <summary>How the measured program was built, where that differs: <c>jit</c>, <c>ready-to-run</c>, <c>native</c>.</summary>
    public string? Build { get; init; }

    public double Median => Statistics.Median(Values);

    public double P95 => Statistics.Percentile(Values, 0.95);

    public double Max => Values.Max();
}
