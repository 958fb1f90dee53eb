namespace LeaderElection.Board.History;

/// <summary>What a set of times looks like, in milliseconds.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Median">The middle one, or the mean of the two.</param>
/// <param name="P95">The least that 95 % do not exceed.</param>
internal sealed record Distribution(int Count, double? Median, double? P95)
{
    public static Distribution Of(IEnumerable<TimeSpan> times)
    {
        var sorted = times.Order().ToArray();
        if (sorted.Length == 0)
            return new Distribution(0, null, null);
        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        // Nearest rank.
        var p95 = sorted[(int)Math.Ceiling(sorted.Length * 0.95) - 1];
        return new Distribution(sorted.Length, median.InMilliseconds(), p95.InMilliseconds());
    }
}
