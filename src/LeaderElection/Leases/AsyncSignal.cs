namespace LeaderElection.Leases;

/// <summary>Wakes one waiter; a signal given while nobody waits is kept.</summary>
internal sealed class AsyncSignal
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _waiter;
    private bool _isSet;

    public void Set()
    {
        TaskCompletionSource? waiter;
        lock (_lock)
        {
            waiter = _waiter;
            _waiter = null;
            _isSet = waiter is null;
        }
        waiter?.TrySetResult();
    }

    public void Reset()
    {
        lock (_lock) _isSet = false;
    }

    /// <summary>
    /// Waits for the signal, until the time is up, or until it is called off; which of these, the caller looks. Nothing is
    /// thrown: leaderships end by cancellation, and an exception takes longer than all else that a hand-over does here.
    /// </summary>
    /// <param name="limit">How long at most, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    public async ValueTask WaitAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        TaskCompletionSource waiter;
        lock (_lock)
        {
            if (_isSet)
            {
                _isSet = false;
                return;
            }
            waiter = _waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        await waiter.Task.WaitAsync(limit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            // Nobody waits any more: what is given from now on is kept for the next.
            if (_waiter == waiter)
                _waiter = null;
        }
    }
}
