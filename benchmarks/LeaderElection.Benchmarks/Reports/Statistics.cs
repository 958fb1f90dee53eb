namespace LeaderElection.Benchmarks.Reports;

internal static class Statistics
{
    public static double Median(IReadOnlyCollection<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The value at the nearest rank.</summary>
    /// <param name="fraction">0.95 for the 95th percentile.</param>
    public static double Percentile(IReadOnlyCollection<double> values, double fraction) =>
        values.Order().ElementAt((int)Math.Round(fraction * (values.Count - 1), MidpointRounding.ToEven));
}
