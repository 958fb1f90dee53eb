namespace LeaderElection.ZooKeeper.Client;

/// <summary>Until when the leader of the ensemble is known to keep the session: what a lease clock may count from.</summary>
/// <remarks>
/// A server that is cut off from its leader goes on answering pings for a while, as the leader lets the session
/// expire: an answered ping proves nothing. What does:
/// <list type="bullet">
/// <item>An answered handshake: it is the leader who creates or touches the session.</item>
/// <item>An answered <c>sync</c>, or write: it went through the leader, on the same ordered channel on which the server had
/// reported its clients' signs of life. It does so each half tick, so all that it had received half a tick before the
/// sync was sent has arrived. A session lasts at least two ticks, so a quarter of it is enough. When the server received
/// something only its answer tells: what was sent long before may have waited in front of a server that hung.</item>
/// </list>
/// </remarks>
internal sealed class SessionEvidence(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<SignOfLife> _answered = [];
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
    /// <param name="sent">When it was asked; a timestamp.</param>
    /// <param name="answered">When the answer came.</param>
    /// <param name="sessionTimeout">How long the session lasts.</param>
    public void Handshake(long sent, long answered, TimeSpan sessionTimeout)
    {
        lock (_lock)
        {
            _relay = (long)(sessionTimeout.TotalSeconds / 4 * time.TimestampFrequency);
            // What another server was told has perhaps never reached the leader.
            _answered.Clear();
            _answered.Add(new SignOfLife(sent, answered));
            Prove_NeedsLock(sent);
            _provable = _proven;
        }
    }

    /// <summary>The server has answered a request: a sign of life that it will report.</summary>
    public void Answered(long sent, long answered)
    {
        lock (_lock) Answered_NeedsLock(new SignOfLife(sent, answered));
    }

    /// <summary>The leader has answered a request: a sync, or a write.</summary>
    public void LeaderAnswered(long sent, long answered)
    {
        lock (_lock)
        {
            var reported = LastReported_NeedsLock(sent);
            if (reported >= 0)
                Prove_NeedsLock(_answered[reported].Sent);
            Answered_NeedsLock(new SignOfLife(sent, answered));
        }
    }

    private void Prove_NeedsLock(long sent) => _proven = Math.Max(_proven ?? sent, sent);

    /// <summary>The last that has reached the leader before what was sent then.</summary>
    private int LastReported_NeedsLock(long sent) => _answered.FindLastIndex(a => a.Answered <= sent - _relay);

    private void Answered_NeedsLock(SignOfLife sign)
    {
        // In steps of an eighth, or a busy connection would fill the list.
        if (_answered is [.., var last] && sign.Sent - last.Sent < _relay / 8)
            return;
        _answered.Add(sign);
        // Of those that any later sync proves, the latest is enough.
        var enough = LastReported_NeedsLock(sign.Sent);
        if (enough < 0)
            return;
        _provable = Math.Max(_provable ?? 0, _answered[enough].Sent);
        _answered.RemoveRange(0, enough);
    }

    private readonly record struct SignOfLife(long Sent, long Answered);
}
