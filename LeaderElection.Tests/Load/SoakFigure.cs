namespace LeaderElection.Tests.Load;

/// <summary>How one figure of a strategy's processes, taken together, developed.</summary>
/// <param name="Name">Of what.</param>
/// <param name="Unit">In what: bytes per unit.</param>
/// <param name="Allowed">By how much the end may be above the start: a part of it, and something.</param>
internal sealed record SoakFigure(string Name, double Unit, (double Part, double Something) Allowed)
{
    /// <summary>The same bounds for all strategies, for three processes together.</summary>
    public static IReadOnlyList<(SoakFigure Figure, Func<Measurement, double> Of)> All { get; } =
    [
        (new("heap", 1 << 20, (0.20, 3)), m => m.Heap),
        (new("working set", 1 << 20, (0.20, 30)), m => m.WorkingSet),
        (new("handles", 1, (0.05, 15)), m => m.Handles),
        (new("threads", 1, (0.10, 30)), m => m.Threads),
    ];

    /// <summary>Judges samples in their order.</summary>
    /// <param name="samples">The time in hours, and the value.</param>
    /// <returns>The medians of the first and the last fifth, and the slope of the least squares per hour, in units.</returns>
    public (double Start, double End, double Slope) Judge(IReadOnlyList<(double Hours, double Value)> samples)
    {
        var fifth = Math.Max(1, samples.Count / 5);
        var (time, value) = (samples.Average(s => s.Hours), samples.Average(s => s.Value));
        var spread = samples.Sum(s => (s.Hours - time) * (s.Hours - time));
        var slope = spread == 0 ? 0 : samples.Sum(s => (s.Hours - time) * (s.Value - value)) / spread;
        return (Median(samples.Take(fifth)) / Unit, Median(samples.TakeLast(fifth)) / Unit, slope / Unit);
    }

    public bool Grows(double start, double end) => end > (start * (1 + Allowed.Part)) + Allowed.Something;

    private static double Median(IEnumerable<(double Hours, double Value)> samples) => samples.Select(s => s.Value).Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : 0;
}
