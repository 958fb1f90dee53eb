using LeaderElection.Benchmarks.Peers;
using LeaderElection.Benchmarks.Reports;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>Reports each figure, and keeps it as a point of its curve.</summary>
internal sealed class ScaleCurves(Report report)
{
    private readonly List<(string Measure, string Of, string Where, string Unit, int Count, double Median)> _points = [];

    /// <param name="of">What there are so many of: <c>elections</c> or <c>candidates</c>.</param>
    public void Add(string measure, string of, string where, string unit, int count, params double[] values)
    {
        var series = new Series(FormattableString.Invariant($"{count} {of}: {measure}"), where, Contender.Ours, unit, values);
        report.Add(series);
        _points.Add((measure, of, where, unit, count, series.Median));
    }

    public IReadOnlyList<Chart> Charts() =>
    [
        Of("elections", "requests/s, leader and follower", "Requests at the store, leader and follower idle", isLogarithmic: false),
        Of("elections", "hand-over of one", "Hand-over of one election", isLogarithmic: false),
        Of("elections", "heap, follower", "Heap of an idle follower", isLogarithmic: true),
        Of("elections", "acquire all", "Winning all elections at once", isLogarithmic: true),
        Of("elections", "crash, last after first", "All move after a crash: last after first", isLogarithmic: true),
        Of("candidates", "hand-over", "Hand-over", isLogarithmic: false),
    ];

    private Chart Of(string of, string measure, string title, bool isLogarithmic)
    {
        var points = _points.Where(p => p.Of == of && p.Measure == measure).ToArray();
        var curves = points.GroupBy(p => p.Where).Select(g => new Curve(g.Key, [.. g.Select(p => ((double)p.Count, p.Median))]));
        return new Chart(title, of == "elections" ? "elections in one process" : "candidates of one election", points.Length == 0 ? "" : points[0].Unit, isLogarithmic, [.. curves]);
    }
}
