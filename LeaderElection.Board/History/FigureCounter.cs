namespace LeaderElection.Board.History;

/// <summary>Counts what becomes figures; times over the latest changes of leadership only. Not thread-safe.</summary>
internal sealed class FigureCounter(int changesKept)
{
    private readonly Queue<LeadershipChange> _changes = [];
    private TimeSpan? _longestGap;
    private long _leaderships;

    public long RefusedWrites { get; set; }

    public long Overlaps { get; set; }

    public void Elected(LeadershipChange? change)
    {
        _leaderships++;
        if (change is null)
            return;
        if (_longestGap is null || change.Gap > _longestGap)
            _longestGap = change.Gap;
        _changes.Enqueue(change);
        if (_changes.Count > changesKept)
            _changes.Dequeue();
    }

    public Figures Read() => new(
        _leaderships,
        Distribution.Of(_changes.Where(change => change.IsFailOver).Select(change => change.Gap)),
        Distribution.Of(_changes.Where(change => change.IsHandOver).Select(change => change.Gap)),
        _longestGap?.InMilliseconds(),
        RefusedWrites,
        Overlaps);
}
