namespace LeaderElection;

/// <summary>
/// A guard that a protected resource puts before its writes: it admits a fencing token only while no higher one has
/// been seen, so that a leader that was deposed without noticing can do no harm.
/// </summary>
/// <remarks>
/// <para>The check and the write must be one step. Either do the write inside <c>TryEnter</c> or <c>TryEnterAsync</c>,
/// or let the resource's own transaction compare the tokens. Writes under one token may run side by side; the first
/// under a higher one waits for them to end, and from that moment on nothing lower is admitted.</para>
/// <para>Source: M. Kleppmann, "How to do distributed locking" (2016), section "Making the lock safe with fencing".
/// Thread-safe.</para>
/// </remarks>
public sealed class FencingGate
{
    private readonly Lock _lock = new();
    private long _highest;
    private long _writingUnder;
    private int _writing;
    private TaskCompletionSource? _written;

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
        while (true)
        {
            Task written;
            lock (_lock)
            {
                if (!TryAdmit_NeedsLock(token))
                    return false;
                if (_writing == 0)
                {
                    write();
                    return true;
                }
                written = Written_NeedsLock;
            }
            written.Wait();
        }
    }

    /// <summary>Runs <paramref name="write"/> if the token is admitted, and admits no other token before it has ended.</summary>
    /// <param name="token">The writer's fencing token.</param>
    /// <param name="write">The write. If it throws, the token counts as seen all the same.</param>
    /// <param name="cancellationToken">Stops the waiting for writes under a lower token, not the write.</param>
    /// <returns>Whether the token was admitted, and the write done.</returns>
    public async ValueTask<bool> TryEnterAsync(long token, Func<ValueTask> write, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(write);
        while (true)
        {
            Task written;
            lock (_lock)
            {
                if (!TryAdmit_NeedsLock(token))
                    return false;
                if (_writing == 0 || _writingUnder == token)
                {
                    _writing++;
                    _writingUnder = token;
                    break;
                }
                written = Written_NeedsLock;
            }
            await written.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        try
        {
            await write().ConfigureAwait(false);
            return true;
        }
        finally
        {
            lock (_lock)
            {
                if (--_writing == 0)
                {
                    _written?.SetResult();
                    _written = null;
                }
            }
        }
    }

    private bool TryAdmit_NeedsLock(long token)
    {
        if (token <= 0 || token < _highest)
            return false;
        _highest = token;
        return true;
    }

    private Task Written_NeedsLock => (_written ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
}
