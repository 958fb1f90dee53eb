namespace LeaderElection.PostgreSql;

/// <summary>
/// The leases of others as this process has seen them, by its own clock: one is over when it was not renewed for its whole
/// duration. The clock of the server plays no part.
/// </summary>
internal sealed class LeaseSightings(TimeProvider time)
{
    /// <summary>Of more than these, those that are over are forgotten; to see one of them again costs a wait.</summary>
    private const int Most = 1000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long Count, long OverAt)> _seen = [];

    /// <summary>The lease was renewed that often. The news of an earlier renewal that come late tell nothing.</summary>
    public void Renewed(string leaseId, long count, TimeSpan duration)
    {
        lock (_lock)
        {
            if (!_seen.TryGetValue(leaseId, out var seen) || seen.Count < count)
                Set_NeedsLock(leaseId, (count, After(duration)));
        }
    }

    /// <summary>How long the holder of a lease may still believe in it that is as it is at the server.</summary>
    /// <param name="leaseId">The lease.</param>
    /// <param name="count">How often it was renewed; the time begins anew when this has changed, in whatever way.</param>
    /// <param name="duration">For how long it is to be seen unchanged.</param>
    /// <returns>Nothing when it is over.</returns>
    public TimeSpan Left(string leaseId, long count, TimeSpan duration)
    {
        lock (_lock)
        {
            if (!_seen.TryGetValue(leaseId, out var seen) || seen.Count != count)
                Set_NeedsLock(leaseId, seen = (count, After(duration)));
            var left = time.GetElapsedTime(time.GetTimestamp(), seen.OverAt);
            // Whoever waits does so in whole milliseconds.
            return left > TimeSpan.Zero ? TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)) : TimeSpan.Zero;
        }
    }

    private void Set_NeedsLock(string leaseId, (long Count, long OverAt) seen)
    {
        if (_seen.Count >= Most && !_seen.ContainsKey(leaseId))
        {
            var now = time.GetTimestamp();
            foreach (var (id, _) in _seen.Where(l => l.Value.OverAt <= now).ToArray())
                _seen.Remove(id);
        }
        _seen[leaseId] = seen;
    }

    private long After(TimeSpan span) => time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency);
}
