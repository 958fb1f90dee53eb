namespace LeaderElection.Redis;

/// <summary>
/// The leases of others as this process has seen them on one server, by a clock that does not jump: when the server's
/// clock says that one has run out, its holder may still believe in it.
/// </summary>
internal sealed class LeaseSightings(TimeProvider time)
{
    /// <summary>Of more than these, those that are over are forgotten; to see one of them again costs a wait.</summary>
    private const int Most = 1000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _overAt = [];

    /// <summary>The lease lives, and runs for this long from now.</summary>
    public void Alive(string leaseId, TimeSpan remaining)
    {
        lock (_lock) Set_NeedsLock(leaseId, Math.Max(_overAt.GetValueOrDefault(leaseId, long.MinValue), After(remaining)));
    }

    /// <summary>The server says that the lease is gone. Where this is the first that is known of it, it is over after its duration.</summary>
    /// <returns>How long its holder may still believe; nothing when it is over.</returns>
    public TimeSpan Vanished(string leaseId, TimeSpan duration)
    {
        lock (_lock)
        {
            if (!_overAt.TryGetValue(leaseId, out var overAt))
                Set_NeedsLock(leaseId, overAt = After(duration));
            var left = time.GetElapsedTime(time.GetTimestamp(), overAt);
            // Whoever waits does so in whole milliseconds.
            return left > TimeSpan.Zero ? TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)) : TimeSpan.Zero;
        }
    }

    /// <summary>The holder has given the lease up.</summary>
    public void Ended(string leaseId)
    {
        lock (_lock) Set_NeedsLock(leaseId, time.GetTimestamp());
    }

    /// <summary>Whether the lease is known to be over.</summary>
    public bool IsOver(string leaseId)
    {
        lock (_lock) return _overAt.TryGetValue(leaseId, out var overAt) && overAt <= time.GetTimestamp();
    }

    private void Set_NeedsLock(string leaseId, long overAt)
    {
        if (_overAt.Count >= Most && !_overAt.ContainsKey(leaseId))
        {
            var now = time.GetTimestamp();
            foreach (var (id, _) in _overAt.Where(l => l.Value <= now).ToArray())
                _overAt.Remove(id);
        }
        _overAt[leaseId] = overAt;
    }

    private long After(TimeSpan span) => time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency);
}
