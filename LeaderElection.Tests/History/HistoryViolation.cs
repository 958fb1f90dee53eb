namespace LeaderElection.Tests.History;

/// <summary>An invariant that a history breaks.</summary>
/// <param name="Invariant">Which: I1 to I5.</param>
/// <param name="Text">What happened.</param>
/// <param name="Evidence">The fewest events that show it, in their order.</param>
internal sealed record HistoryViolation(string Invariant, string Text, IReadOnlyList<HistoryEvent> Evidence)
{
    public override string ToString() => $"{Invariant}: {Text}";

    /// <summary>The violation with its events and with the faults that were about, in ms since the first.</summary>
    public string Explain(IEnumerable<HistoryEvent> history)
    {
        var first = Evidence.Min(e => e.At);
        var last = Evidence.Where(e => e.What is not (EventKind.Believes or EventKind.Lost or EventKind.WorkStopped or EventKind.Killed)).Max(e => e.At);
        var faults = history.OrderBy(e => e.At)
            .Where(e => e.What is EventKind.Disturbed or EventKind.StoreDown or EventKind.StoreUp or EventKind.Stalled or EventKind.Killed)
            .Where(e => e.At >= first - 4_000_000_000 && e.At <= last + 100_000_000)
            .TakeLast(30);
        var lines = Evidence.Concat(faults).Distinct().OrderBy(e => e.At).Select(e => Line(e, first));
        return string.Join(Environment.NewLine, lines.Prepend(ToString()));
    }

    private static string Line(HistoryEvent e, long first) =>
        $"{(e.At - first) / 1e6,12:0.000} ms  {e.Candidate,-10} {e.What}"
        + (e.Token == 0 ? "" : $" token {e.Token}")
        + (e.Until == 0 ? "" : $" until {(e.Until - first) / 1e6:0.000} ms")
        + (e.Highest == 0 ? "" : $" (seen: {e.Highest})")
        + (e.Note is null ? "" : $" {e.Note}");
}
