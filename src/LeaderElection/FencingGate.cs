namespace LeaderElection;

/// <summary>
/// A guard that a protected resource puts before its writes: it admits a fencing token only while no higher one has
/// been seen, so that a leader that was deposed without noticing can do no harm.
/// </summary>
/// <remarks>
/// The check and the write must be one step. Either do the write inside <see cref="TryEnter(long, Action)"/>, or let
/// the resource's own transaction compare the tokens. Source: M. Kleppmann, "How to do distributed locking" (2016),
/// section "Making the lock safe with fencing". Thread-safe.
/// </remarks>
public sealed class FencingGate
{
    private readonly Lock _lock = new();
    private long _highest;

    /// <summary>Creates a gate.</summary>
    /// <param name="highest">The highest token the resource has seen before, from its durable state; 0 if none.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="highest"/> is negative.</exception>
    public FencingGate(long highest = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(highest);
        _highest = highest;
    }

    /// <summary>The highest token that was admitted; 0 before the first.</summary>
    public long Highest
    {
        get { lock (_lock) return _highest; }
    }

    /// <summary>Admits the token unless it is 0 or negative, or a higher one was admitted before.</summary>
    public bool TryEnter(long token) => TryEnter(token, static () => { });

    /// <summary>Runs <paramref name="write"/> if the token is admitted, while no other write can pass the gate.</summary>
    /// <param name="token">The writer's fencing token.</param>
    /// <param name="write">The write. If it throws, the token counts as seen all the same.</param>
    /// <returns>Whether the token was admitted, and the write done.</returns>
    public bool TryEnter(long token, Action write)
    {
        ArgumentNullException.ThrowIfNull(write);
        lock (_lock)
        {
            if (token <= 0 || token < _highest)
                return false;
            _highest = token;
            write();
            return true;
        }
    }
}
