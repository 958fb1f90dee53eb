using System.Globalization;
using System.Text;

namespace LeaderElection.Board.History;

/// <summary>A timeline for the terminal.</summary>
internal static class TimelineText
{
    public static string Write(TimelineView timeline)
    {
        var text = new StringBuilder();
        Line($"{timeline.Name} ({timeline.Strategy}): {Count(timeline.Figures.Leaderships, "leader")} elected so far; times by the board's clock, UTC");
        if (timeline.DroppedTerms > 0 || timeline.DroppedRefusals > 0)
            Line($"no longer kept: {Count(timeline.DroppedTerms, "earlier term")}, {Count(timeline.DroppedRefusals, "earlier mark")} of refused writes");
        foreach (var (_, line) in Events(timeline).OrderBy(one => one.At))
            Line(line);
        if (timeline.OpenGap is { } open)
            Line($"{Clock(timeline.Now)}  -- nobody leads, for {Length(open)} by now");
        var figures = timeline.Figures;
        Line($"fail-over {Times(figures.FailOver)}; hand-over {Times(figures.HandOver)}; longest gap {(figures.LongestGap is { } gap ? Length(gap) : "none")}; refused writes {figures.RefusedWrites}");
        return text.ToString();

        void Line(string line) => text.Append(line).Append('\n');
    }

    /// <summary>What happened, a line each, in no particular order.</summary>
    public static IEnumerable<(DateTimeOffset At, string Line)> Events(TimelineView timeline)
    {
        foreach (var term in timeline.Terms)
        {
            if (term.GapBefore is > 0 and var gap)
                yield return (term.From, $"{Clock(term.From)}  -- nobody led for {Length(gap)}");
            var end = term.To is null ? $"leads, for {Length(term.Length)} by now" : $"led for {Length(term.Length)}: {term.Ended}";
            yield return (term.From, $"{Clock(term.From)}  {term.Candidate}  token {term.FencingToken}  {end}");
            if (term.Overlap is { } overlap)
                yield return (term.To!.Value, $"{Clock(term.To!.Value)}  !! {term.Candidate} went on claiming to lead for {Length(overlap)} when another did already");
        }
        foreach (var refusal in timeline.Refusals)
        {
            var times = refusal.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $", {refusal.Count} times");
            yield return (refusal.At, $"{Clock(refusal.At)}  !! refused: {refusal.Candidate ?? "someone"} wrote with token {refusal.FencingToken}, the highest seen was {refusal.Highest}{times}");
        }
    }

    /// <summary>Milliseconds for people: <c>35 ms</c>, <c>12.345 s</c>, <c>3 min 20 s</c>.</summary>
    public static string Length(double milliseconds) => milliseconds switch
    {
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0.#} ms"),
        < 120_000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1_000:0.0##} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(milliseconds / 60_000):0} min {milliseconds / 1_000 % 60:00} s"),
    };

    public static string Clock(DateTimeOffset at) => at.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    private static string Times(Distribution times) =>
        times is { Median: { } median, P95: { } p95 } ? $"median {Length(median)}, p95 {Length(p95)} ({times.Count})" : "none yet";

    private static string Count(long number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");
}
