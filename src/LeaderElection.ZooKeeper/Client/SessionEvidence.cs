namespace LeaderElection.ZooKeeper.Client;

/// <summary>Until when the leader of the ensemble is known to keep the session: what a lease clock may count from.</summary>
/// <remarks>
/// A server that is cut off from its leader goes on answering pings for a while, as the leader lets the session
/// expire: an answered ping proves nothing. What does:
/// <list type="bullet">
/// <item>An answered handshake: it is the leader who creates or touches the session.</item>
/// <item>An answered <c>sync</c>, or write: it went through the leader, on the same ordered channel on which the server had
/// reported its clients' signs of life. It does so each half tick, so all that it had received half a tick before the
/// sync was sent has arrived. A session lasts at least two ticks, so a quarter of it is enough.</item>
/// </list>
/// </remarks>
internal sealed class SessionEvidence(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<long> _answered = [];
    private long _relay;
    private long? _proven;
    private long? _provable;

    /// <summary>The moment since when the session has its full time to run, at least; a timestamp.</summary>
    public long? Proven
    {
        get { lock (_lock) return _proven; }
    }

    /// <summary>The moment that a sync would prove if it was sent now, and answered.</summary>
    /// <remarks>Enough for a session that leads nothing: before it does, a sync is answered, and <see cref="Proven"/> is no earlier.</remarks>
    public long? Provable
    {
        get { lock (_lock) return _provable; }
    }

    /// <summary>A server took the session, or a new one was made.</summary>
    public void Handshake(long sent, TimeSpan sessionTimeout)
    {
        lock (_lock)
        {
            _relay = (long)(sessionTimeout.TotalSeconds / 4 * time.TimestampFrequency);
            // What another server was told has perhaps never reached the leader.
            _answered.Clear();
            _answered.Add(sent);
            Prove_NeedsLock(sent);
            _provable = _proven;
        }
    }

    /// <summary>The server has answered a request that was sent then: a sign of life that it will report.</summary>
    public void Answered(long sent)
    {
        lock (_lock) Answered_NeedsLock(sent);
    }

    /// <summary>The leader has answered a request that was sent then: a sync, or a write.</summary>
    public void LeaderAnswered(long sent)
    {
        lock (_lock)
        {
            var reported = _answered.FindLastIndex(a => a <= sent - _relay);
            if (reported >= 0)
                Prove_NeedsLock(_answered[reported]);
            Answered_NeedsLock(sent);
        }
    }

    private void Prove_NeedsLock(long sent) => _proven = Math.Max(_proven ?? sent, sent);

    private void Answered_NeedsLock(long sent)
    {
        // In steps of an eighth, or a busy connection would fill the list.
        if (_answered is [.., var last] && sent - last < _relay / 8)
            return;
        _answered.Add(sent);
        // Of those that any later sync proves, the latest is enough.
        var enough = _answered.FindLastIndex(a => a <= sent - _relay);
        if (enough < 0)
            return;
        _provable = Math.Max(_provable ?? 0, _answered[enough]);
        _answered.RemoveRange(0, enough);
    }
}
