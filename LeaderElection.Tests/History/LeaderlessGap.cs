namespace LeaderElection.Tests.History;

/// <summary>A stretch in which nobody led.</summary>
/// <param name="Whole">Its length.</param>
/// <param name="Unexcused">
/// The longest part of it in which the store was there, no fault began or ended, and the machine had time for the test.
/// </param>
/// <param name="Evidence">The events around it.</param>
internal sealed record LeaderlessGap(TimeSpan Whole, TimeSpan Unexcused, IReadOnlyList<HistoryEvent> Evidence)
{
    /// <summary>Between the terms; and before the first and after the last, where the history says when it ended.</summary>
    public static IEnumerable<LeaderlessGap> In(HistoryEvent[] events, IReadOnlyList<Term> terms)
    {
        var marks = events.Where(e => e.What is EventKind.Disturbed or EventKind.StoreDown or EventKind.StoreUp).ToArray();
        var stalls = events.Where(e => e.What == EventKind.Stalled).ToArray();
        var ended = events.FirstOrDefault(e => e.What == EventKind.Ended);
        var last = ended is null ? terms.Count > 0 ? terms[0].Evidence[0] : null : events[0];
        var lastTo = last?.At ?? 0;
        foreach (var term in terms)
        {
            if (term.From > lastTo)
                yield return Between(marks, stalls, last!, lastTo, term.Evidence[0]);
            if (term.To < lastTo)
                continue;
            lastTo = term.To;
            last = term.Evidence.LastOrDefault(e => e.At <= term.To) ?? term.Evidence[0];
        }
        if (ended is not null && ended.At > lastTo)
            yield return Between(marks, stalls, last!, lastTo, ended);
    }

    /// <summary>How long of this the machine had no time for the test, in ns.</summary>
    public static long Stalled(IEnumerable<HistoryEvent> events, long from, long to) =>
        events.Where(e => e.What == EventKind.Stalled).Sum(e => Math.Max(0, Math.Min(e.Until, to) - Math.Max(e.At, from)));

    private static LeaderlessGap Between(HistoryEvent[] marks, HistoryEvent[] stalls, HistoryEvent last, long from, HistoryEvent next)
    {
        var down = marks.Where(m => m.At <= from).Sum(Depth);
        var (longest, start) = (0L, from);
        HistoryEvent? begin = null, longestBegin = null;
        foreach (var mark in marks.Where(m => m.At > from && m.At < next.At).Append(next))
        {
            var length = down > 0 ? 0 : mark.At - start - Stalled(stalls, start, mark.At);
            if (length > longest)
                (longest, longestBegin) = (length, begin);
            down += Depth(mark);
            (start, begin) = (mark.At, mark);
        }
        HistoryEvent?[] evidence = [last, longestBegin, next];
        return new(TimeSpan.FromTicks((next.At - from) / 100), TimeSpan.FromTicks(longest / 100), [.. evidence.OfType<HistoryEvent>()]);
    }

    private static int Depth(HistoryEvent mark) => mark.What switch { EventKind.StoreDown => 1, EventKind.StoreUp => -1, _ => 0 };
}
