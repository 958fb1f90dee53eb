namespace LeaderElection.Tests.History;

/// <summary>Decides from a recorded history whether the invariants held.</summary>
internal static class HistoryChecker
{
    /// <summary>Checks I1, I2 and I5, and I3 and I4 where a bound is given.</summary>
    /// <returns>The violations; empty when there are none.</returns>
    public static IReadOnlyList<HistoryViolation> Check(IEnumerable<HistoryEvent> history, HistoryBounds? bounds = null)
    {
        var events = history.OrderBy(e => e.At).ToArray();
        var terms = Terms(events);
        return
        [
            .. OneLeaderAtATime(events, terms), .. WorkAfterTheDeadline(events, terms), .. TokensIncrease(terms), .. FencedWrites(events),
            .. bounds?.HandOver is { } handOver ? SlowHandOvers(events, terms, handOver, bounds.Calm) : [],
            .. bounds?.Gap is { } gap ? LongGaps(events, terms, gap) : [],
            .. bounds?.Lost is { } lost ? LateLost(events, terms, lost) : [],
        ];
    }

    /// <summary>Every leadership, from being elected until the candidate could no longer believe in it, or had stopped its work.</summary>
    public static IReadOnlyList<Term> Terms(IEnumerable<HistoryEvent> history)
    {
        var terms = new List<Term>();
        foreach (var candidate in history.OrderBy(e => e.At).GroupBy(e => e.Candidate))
        {
            var kills = candidate.Where(e => e.What == EventKind.Killed).ToArray();
            foreach (var leadership in candidate.GroupBy(e => e.Token))
            {
                var events = leadership.ToArray();
                terms.AddRange(events.Where(e => e.What == EventKind.Elected).Select(e => Term(e, events, kills)));
            }
        }
        return [.. terms.OrderBy(t => t.From)];
    }

    private static Term Term(HistoryEvent elected, HistoryEvent[] events, HistoryEvent[] kills)
    {
        var own = events.Where(e => e.At >= elected.At).ToArray();
        // A frozen process cannot fire Lost in time, nor a killed one at all; the deadline that it knew holds.
        // One whose work stops slowly after a resignation holds its lease that long.
        var believes = own.Where(e => e.What is EventKind.Believes or EventKind.Drains).MaxBy(e => e.Until);
        var lost = own.FirstOrDefault(e => e.What == EventKind.Lost);
        var started = own.FirstOrDefault(e => e.What == EventKind.WorkStarted);
        var stopped = own.FirstOrDefault(e => e.What == EventKind.WorkStopped);
        // It died at some moment between the signal and its end.
        var killed = kills.FirstOrDefault(e => Math.Max(e.At, e.Until) >= elected.At);
        var deadline = believes?.Until ?? elected.At;
        // It holds the leadership until it was told that it is over, and its work has stopped; but not beyond the deadline.
        var ended = lost?.At ?? long.MaxValue;
        if (started is not null)
            ended = Math.Max(ended, stopped?.At ?? long.MaxValue);
        var to = Math.Max(elected.At, Math.Min(deadline, Math.Min(ended, killed?.At ?? long.MaxValue)));
        HistoryEvent?[] evidence = [elected, believes, started, lost, stopped, killed];
        return new Term(elected.Candidate, elected.Token, elected.At, to, deadline, [.. evidence.OfType<HistoryEvent>()]);
    }

    private static IEnumerable<HistoryViolation> OneLeaderAtATime(HistoryEvent[] events, IReadOnlyList<Term> terms)
    {
        var deleted = events.Where(e => e.What == EventKind.EntryDeleted).ToLookup(e => e.Token);
        for (var i = 0; i < terms.Count; i++)
        {
            for (var j = i + 1; j < terms.Count; j++)
            {
                if (terms[j].From >= terms[i].To || terms[j].Candidate == terms[i].Candidate)
                    continue;
                var until = Math.Min(terms[i].To, terms[j].To);
                if (deleted[terms[i].Token].Any(e => e.At <= terms[j].From && until <= e.Until))
                    continue;
                yield return Violation(
                    "I1", $"two leaders for {(until - terms[j].From) / 1e6:0.000} ms: {terms[i]} and {terms[j]}",
                    [.. terms[i].Evidence, .. terms[j].Evidence, .. deleted[terms[i].Token]]);
            }
        }
    }

    /// <summary>One write may be on its way when the deadline comes, or when the process is frozen; a second was sent in defiance.</summary>
    private static IEnumerable<HistoryViolation> WorkAfterTheDeadline(HistoryEvent[] events, IReadOnlyList<Term> terms)
    {
        var sent = events.Where(e => e.What == EventKind.Sent).ToLookup(e => (e.Candidate, e.Token));
        return from term in terms
               let late = sent[(term.Candidate, term.Token)].Where(e => e.At > term.Deadline).ToArray()
               where late.Length > 1
               select Violation("I1", $"{late.Length} writes sent after the deadline: {term}", [.. term.Evidence, late[0], late[1]]);
    }

    private static IEnumerable<HistoryViolation> TokensIncrease(IReadOnlyList<Term> terms) =>
        from pair in terms.Zip(terms.Skip(1))
        where pair.Second.Token <= pair.First.Token
        select Violation("I2", $"the token did not increase: {pair.First} then {pair.Second}", [pair.First.Evidence[0], pair.Second.Evidence[0]]);

    private static IEnumerable<HistoryViolation> FencedWrites(IReadOnlyList<HistoryEvent> events)
    {
        HistoryEvent? highest = null;
        foreach (var write in events.Where(e => e.What == EventKind.Accepted))
        {
            if (write.Token <= 0)
                yield return Violation("I5", $"the resource accepted {write}", [write]);
            else if (write.Token < highest?.Token)
                yield return Violation("I5", $"the resource accepted {write} after {highest}", [highest, write]);
            if (highest is null || write.Token > highest.Token)
                highest = write;
        }
    }

    private static IEnumerable<HistoryViolation> SlowHandOvers(HistoryEvent[] events, IReadOnlyList<Term> terms, TimeSpan bound, TimeSpan calm) =>
        from handOver in HandOver.In(events, terms, bound, calm)
        where handOver.Took > bound
        select Violation("I3", $"{handOver.Took.TotalMilliseconds:0} ms after {handOver.Resigned.Candidate} had resigned nobody had been elected", handOver.Evidence);

    private static IEnumerable<HistoryViolation> LongGaps(HistoryEvent[] events, IReadOnlyList<Term> terms, TimeSpan bound) =>
        from gap in LeaderlessGap.In(events, terms)
        where gap.Unexcused > bound
        select Violation("I4", $"nobody led for {gap.Unexcused.TotalMilliseconds:0} ms (of {gap.Whole.TotalMilliseconds:0} ms in all) without a reason", gap.Evidence);

    /// <summary>A leader that does not look at its lease hears by <c>Lost</c> alone, whatever else its process is busy with.</summary>
    private static IEnumerable<HistoryViolation> LateLost(HistoryEvent[] events, IReadOnlyList<Term> terms, TimeSpan bound)
    {
        var frozen = events.Where(e => e.What == EventKind.Frozen).ToLookup(e => e.Candidate);
        foreach (var term in terms)
        {
            var told = term.Evidence.FirstOrDefault(e => e.What is EventKind.Lost or EventKind.Killed)?.At ?? events[^1].At;
            var late = told - term.Deadline - LeaderlessGap.Stalled(events, term.Deadline, told)
                - frozen[term.Candidate].Sum(e => Math.Max(0, Math.Min(e.Until, told) - Math.Max(e.At, term.Deadline)));
            if (late > bound.Ticks * 100)
                yield return Violation("I1", $"Lost had not fired {late / 1e6:0} ms after the deadline: {term}", term.Evidence);
        }
    }

    private static HistoryViolation Violation(string invariant, string text, IReadOnlyList<HistoryEvent> evidence) =>
        new(invariant, text, [.. evidence.Distinct().OrderBy(e => e.At)]);
}
