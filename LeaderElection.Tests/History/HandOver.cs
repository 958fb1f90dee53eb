namespace LeaderElection.Tests.History;

/// <summary>A resignation with a candidate waiting, in calm.</summary>
/// <param name="Resigned">When the resignation had returned.</param>
/// <param name="Took">How long it then took until another was elected, without the time that the machine had no time; zero when it had been before.</param>
/// <param name="Evidence">The resignation, who waited, and who was elected.</param>
internal sealed record HandOver(HistoryEvent Resigned, TimeSpan Took, IReadOnlyList<HistoryEvent> Evidence)
{
    /// <param name="bound">For how long after it there must be no fault either.</param>
    /// <param name="calm">For how long before it there must have been no fault.</param>
    public static IEnumerable<HandOver> In(HistoryEvent[] events, IReadOnlyList<Term> terms, TimeSpan bound, TimeSpan calm)
    {
        var faults = events.Where(e => e.What is EventKind.Disturbed or EventKind.StoreDown or EventKind.StoreUp or EventKind.Killed).Select(e => e.At).ToArray();
        var end = events.LastOrDefault()?.At ?? 0;
        var isDown = events.Where(e => e.What is EventKind.StoreDown or EventKind.StoreUp).ToArray();
        foreach (var resigned in events.Where(e => e.What == EventKind.Resigned))
        {
            var (from, to) = (resigned.At - calm.Ticks * 100, resigned.At + bound.Ticks * 100);
            if (faults.Any(f => f >= from && f <= to) || to > end || isDown.LastOrDefault(e => e.At < from)?.What == EventKind.StoreDown)
                continue;
            var waiting = events
                .Where(e => e.At < resigned.At && e.Candidate != resigned.Candidate && e.What is EventKind.Campaigns or EventKind.Elected or EventKind.Killed)
                .GroupBy(e => e.Candidate).Select(candidate => candidate.Last())
                .FirstOrDefault(e => e.What == EventKind.Campaigns && e.At < from);
            if (waiting is null || !terms.Any(t => t.Token == resigned.Token))
                continue;
            var next = terms.FirstOrDefault(t => t.From > terms.First(own => own.Token == resigned.Token).From);
            var until = next?.From ?? end;
            var took = Math.Max(0, until - resigned.At - LeaderlessGap.Stalled(events, resigned.At, until));
            yield return new HandOver(
                resigned, TimeSpan.FromTicks(took / 100),
                next is null ? [waiting, resigned] : [waiting, resigned, next.Evidence[0]]);
        }
    }
}
