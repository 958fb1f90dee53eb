namespace LeaderElection.Etcd;

/// <summary>
/// What revision etcd has reached. It only grows, so one that fell tells of a store that was emptied, or restored from a
/// backup: a watch that waits for what comes after the old one would wait for ever.
/// </summary>
internal sealed class EtcdHistory
{
    private readonly Lock _lock = new();
    private long _highest;

    /// <summary>The revision fell, from the one to the other.</summary>
    public event Action<long, long>? WentBack;

    /// <summary>The highest revision that an answer has told of.</summary>
    public long Highest
    {
        get { lock (_lock) return _highest; }
    }

    /// <summary>An answer came to a request that goes through the whole cluster: it is no older than what was known when it was sent.</summary>
    /// <param name="before">What was the highest when it was sent.</param>
    /// <param name="revision">What it tells.</param>
    public void Saw(long before, long revision)
    {
        lock (_lock)
        {
            var fell = revision < before && _highest >= before;
            _highest = fell ? revision : Math.Max(_highest, revision);
            if (!fell)
                return;
        }
        WentBack?.Invoke(before, revision);
    }
}
