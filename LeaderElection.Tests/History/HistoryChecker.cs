namespace LeaderElection.Tests.History;

/// <summary>Decides from a recorded history whether the invariants held.</summary>
internal static class HistoryChecker
{
    /// <summary>Checks I1, I2 and I5, and I4 where a bound is given.</summary>
    /// <param name="longestGap">
    /// For how long, in nanoseconds, there may be no leader between two leaderships; <see langword="null"/> where the
    /// history has stretches in which nobody could lead.
    /// </param>
    /// <returns>The violations, each with the events that show it; empty when there are none.</returns>
    public static IReadOnlyList<string> Check(IEnumerable<HistoryEvent> history, long? longestGap = null)
    {
        var events = history.OrderBy(e => e.At).ToArray();
        var terms = Terms(events);
        return [.. OneLeaderAtATime(terms), .. TokensIncrease(terms), .. FencedWrites(events), .. Gaps(terms, longestGap)];
    }

    /// <summary>Every leadership, from being elected until the candidate could no longer believe in it.</summary>
    public static IReadOnlyList<Term> Terms(IEnumerable<HistoryEvent> history)
    {
        var terms = new List<Term>();
        foreach (var candidate in history.OrderBy(e => e.At).GroupBy(e => e.Candidate))
        {
            var events = candidate.ToArray();
            foreach (var elected in events.Where(e => e.What == EventKind.Elected))
            {
                var own = events.Where(e => e.Token == elected.Token && e.At >= elected.At).ToArray();
                // A frozen process cannot fire Lost in time, nor a killed one at all; the deadline that it knew holds.
                var deadline = own.Where(e => e.What == EventKind.Believes).Select(e => e.Until).DefaultIfEmpty(elected.At).Max();
                var ended = own.FirstOrDefault(e => e.What is EventKind.Lost)?.At ?? long.MaxValue;
                var killed = events.FirstOrDefault(e => e.What == EventKind.Killed && e.At >= elected.At)?.At ?? long.MaxValue;
                terms.Add(new Term(elected.Candidate, elected.Token, elected.At, Math.Min(deadline, Math.Min(ended, killed))));
            }
        }
        return [.. terms.OrderBy(t => t.From)];
    }

    private static IEnumerable<string> OneLeaderAtATime(IReadOnlyList<Term> terms)
    {
        for (var i = 0; i < terms.Count; i++)
        {
            for (var j = i + 1; j < terms.Count; j++)
            {
                if (terms[j].From < terms[i].To && terms[j].Candidate != terms[i].Candidate)
                    yield return $"I1: two leaders for {(Math.Min(terms[i].To, terms[j].To) - terms[j].From) / 1e6:0.000} ms: {terms[i]} and {terms[j]}";
            }
        }
    }

    private static IEnumerable<string> TokensIncrease(IReadOnlyList<Term> terms) =>
        from pair in terms.Zip(terms.Skip(1))
        where pair.Second.Token <= pair.First.Token
        select $"I2: the token did not increase: {pair.First} then {pair.Second}";

    private static IEnumerable<string> FencedWrites(IReadOnlyList<HistoryEvent> events)
    {
        HistoryEvent? highest = null;
        foreach (var write in events.Where(e => e.What == EventKind.Accepted))
        {
            if (write.Token <= 0 || write.Token < highest?.Token)
                yield return $"I5: the resource accepted {write} after {highest}";
            if (highest is null || write.Token > highest.Token)
                highest = write;
        }
    }

    private static IEnumerable<string> Gaps(IReadOnlyList<Term> terms, long? longest) =>
        from pair in terms.Zip(terms.Skip(1))
        where pair.Second.From - pair.First.To > longest
        select $"I4: nobody led for {(pair.Second.From - pair.First.To) / 1e6:0} ms between {pair.First} and {pair.Second}";
}
