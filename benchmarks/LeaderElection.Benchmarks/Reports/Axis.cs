namespace LeaderElection.Benchmarks.Reports;

/// <summary>An axis of a chart: where a value stands on it, and which values are written beside it.</summary>
internal sealed class Axis
{
    private readonly Func<double, double> _share;

    private Axis(Func<double, double> share, IReadOnlyList<double> ticks)
    {
        _share = share;
        Ticks = ticks;
    }

    public IReadOnlyList<double> Ticks { get; }

    /// <summary>From the power of ten at or below the least value to that at or above the greatest.</summary>
    public static Axis Logarithmic(double least, double greatest)
    {
        var from = (int)Math.Floor(Math.Log10(least));
        var to = Math.Max(from + 1, (int)Math.Ceiling(Math.Log10(greatest)));
        return new Axis(
            value => value <= 0 ? 0 : Math.Max(0, (Math.Log10(value) - from) / (to - from)),
            [.. Enumerable.Range(from, to - from + 1).Select(power => Math.Pow(10, power))]);
    }

    /// <summary>From zero, in steps of 1, 2 or 5 times a power of ten.</summary>
    public static Axis Linear(double greatest)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(greatest / 4)));
        var step = new[] { 1, 2, 5, 10 }.Select(times => times * power).First(s => s * 5 >= greatest);
        var count = (int)Math.Ceiling(greatest / step);
        return new Axis(value => value / (count * step), [.. Enumerable.Range(0, count + 1).Select(i => i * step)]);
    }

    /// <summary>0 at its foot, 1 at its end.</summary>
    public double Share(double value) => _share(value);
}
