namespace LeaderElection.Raft;

/// <summary>Orders what is said after what must be on the disk first. One write is under way at a time; all that changes meanwhile goes into the next.</summary>
internal sealed class Writes
{
    private const int MostHeld = 10_000;

    private readonly List<(long Number, Action Then)> _held = [];
    private long _started;
    private long _saved;
    private bool _isChanged;

    /// <summary>Takes note of a change.</summary>
    /// <returns>The number of the write that will hold it.</returns>
    public long Change()
    {
        _isChanged = true;
        return _started + 1;
    }

    /// <summary>Does something once that write is on the disk. Before the first, which counts the start of the process, nothing is done.</summary>
    public void When(long number, Action then)
    {
        if (_saved >= Math.Max(1, number))
            then();
        else
            _held.Add((Math.Max(1, number), then));
    }

    /// <summary>The same for an answer, which whoever asked asks for again: while a disk hangs they would pile up.</summary>
    public void Answer(long number, Action then)
    {
        if (_held.Count < MostHeld)
            When(number, then);
    }

    /// <summary>Whether that write is on the disk.</summary>
    public bool IsSaved(long number) => _saved >= number;

    /// <summary>Whether the start of the process is on the disk.</summary>
    public bool IsStarted => _saved > 0;

    public void Saved(long number)
    {
        _saved = Math.Max(_saved, number);
        var ready = _held.Where(h => h.Number <= _saved).ToArray();
        _held.RemoveAll(h => h.Number <= _saved);
        foreach (var (_, then) in ready)
            then();
    }

    /// <summary>The number of the write that is due now, if any.</summary>
    public long? Next()
    {
        if (!_isChanged || _started > _saved)
            return null;
        _isChanged = false;
        return ++_started;
    }
}
