namespace LeaderElection.Leases;

/// <summary>
/// Decides how long a leader may believe in its lease. Every strategy decides by this clock and by nothing else.
/// </summary>
/// <remarks>
/// <para>Validity runs from the moment <em>before the request was sent</em> that confirmed the lease:
/// <c>deadline = sent + duration × (1 − drift) − margin</c>, on the monotonic clock. The store counts from a later
/// moment, so the holder always stops before the store lets another in. Source: C. Gray and D. Cheriton, "Leases: An
/// Efficient Fault-Tolerant Mechanism for Distributed File Cache Consistency" (SOSP 1989), section 5.</para>
/// <para>A lease that ran out never comes back, whatever reply still arrives. Thread-safe; one timer per lease,
/// however many elections hang on it.</para>
/// </remarks>
public sealed class LeaseClock : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly long _validity;

    /// <summary>Of a clock that is a test's or a program's own; the system's is watched by <see cref="LeaseGuard"/>.</summary>
    private readonly ITimer? _timer;
    private readonly HashSet<Leadership> _leaderships = [];
    private long _deadline;
    private State _state;

    /// <summary>Creates a clock for a lease that is not confirmed yet.</summary>
    /// <param name="time">Where time comes from. That of the system is judged on a thread of its own, whatever the thread pool is busy with.</param>
    /// <param name="duration">How long the store keeps the lease after a confirmation.</param>
    /// <param name="drift">By which fraction the clocks of store and holder may run apart, e.g. 0.01.</param>
    /// <param name="margin">How long before that the holder stops, to have its last requests out of the way.</param>
    public LeaseClock(TimeProvider time, TimeSpan duration, double drift, TimeSpan margin)
    {
        ArgumentNullException.ThrowIfNull(time);
        var validity = (duration * (1 - drift)) - margin;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(validity, TimeSpan.Zero, nameof(duration));
        Time = time;
        Duration = duration;
        _validity = time.ToTimestampTicks(validity);
        if (!SystemTime.Is(time))
            _timer = time.CreateTimer(static clock => ((LeaseClock)clock!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Lost = _lost.Token;
    }

    private enum State
    {
        Unconfirmed,
        Running,
        Ended,
    }

    /// <summary>Where time comes from.</summary>
    public TimeProvider Time { get; }

    /// <summary>How long the store keeps the lease after a confirmation.</summary>
    public TimeSpan Duration { get; }

    /// <summary>
    /// Cancelled at the deadline at the latest, or when the store says that the lease is gone. Its callbacks run on the
    /// thread pool.
    /// </summary>
    public CancellationToken Lost { get; }

    /// <summary>Whether the lease was confirmed and has not run out. Reads the clock, and does not wait for a timer.</summary>
    public bool IsValid => Remaining > TimeSpan.Zero;

    /// <summary>Whether the store has confirmed the lease, ever.</summary>
    public bool IsConfirmed
    {
        get { lock (_lock) return _state != State.Unconfirmed; }
    }

    /// <summary>How long the holder may still believe; zero before the first confirmation and after the end.</summary>
    public TimeSpan Remaining
    {
        get
        {
            CheckDeadline();
            lock (_lock)
            {
                return _state == State.Running ? Left_NeedsLock() : TimeSpan.Zero;
            }
        }
    }

    /// <summary>How long nobody else may lead, also when the lease has ended before its time: until the deadline.</summary>
    internal TimeSpan UntilDeadline
    {
        get
        {
            lock (_lock)
            {
                return _state == State.Unconfirmed ? TimeSpan.Zero : Left_NeedsLock();
            }
        }
    }

    /// <summary>Takes note that the store confirmed the lease.</summary>
    /// <param name="sent">The <see cref="TimeProvider.GetTimestamp"/> from before the confirmed request was sent.</param>
    /// <returns><see langword="false"/> when the confirmation came too late: the lease has ended, and stays so.</returns>
    public bool Confirm(long sent)
    {
        CheckDeadline();
        lock (_lock)
        {
            if (_state == State.Ended)
                return false;
            var deadline = sent + _validity;
            if (deadline > Time.GetTimestamp())
            {
                // Replies may overtake each other: the deadline only ever moves forward.
                _deadline = _state == State.Running ? Math.Max(_deadline, deadline) : deadline;
                if (_state == State.Unconfirmed)
                {
                    _state = State.Running;
                    ArmTimer_NeedsLock();
                }
                return true;
            }
            if (_state == State.Running)
                return true;
        }
        Revoke();
        return false;
    }

    /// <summary>Ends the lease now: the store says that it is gone, or the holder gave it up.</summary>
    /// <remarks>
    /// The tokens of all leaderships that hang on it read as cancelled when this returns, and before anything else is done
    /// about any of them; that, and what is registered with <see cref="Lost"/>, follows on the thread pool.
    /// </remarks>
    public void Revoke()
    {
        Leadership[] leaderships;
        lock (_lock)
        {
            if (_state == State.Ended)
                return;
            _state = State.Ended;
            leaderships = [.. _leaderships];
            _leaderships.Clear();
        }
        Leadership.EndAll(leaderships, LeadershipEnd.LeaseRanOut);
        _ = _lost.CancelAsync();
        _timer?.Dispose();
    }

    /// <summary>Called once when work waits too long for a thread of the pool, with how long it has; not on such a thread.</summary>
    internal Action<TimeSpan>? PoolIsStarved { get; init; }

    /// <summary>Ends the lease if its time is over.</summary>
    /// <returns>How long it runs as of now; <see langword="null"/> when it has ended.</returns>
    internal TimeSpan? Judge()
    {
        CheckDeadline();
        lock (_lock) return _state == State.Ended ? null : Left_NeedsLock();
    }

    /// <summary>Whether it was confirmed once and has ended, or was ended before that.</summary>
    internal bool HasEnded => Judge() is null;

    /// <summary>The leadership ends with the lease.</summary>
    /// <returns>Whether the lease has not ended yet.</returns>
    internal bool Attach(Leadership leadership)
    {
        lock (_lock)
        {
            if (_state == State.Ended)
                return false;
            _leaderships.Add(leadership);
            return true;
        }
    }

    /// <summary>The leadership has ended before the lease.</summary>
    internal void Detach(Leadership leadership)
    {
        lock (_lock) _leaderships.Remove(leadership);
    }

    /// <summary>Ends the lease.</summary>
    public void Dispose() => Revoke();

    /// <summary>Ends the lease if its time is over; whoever looks first does it, timer or caller.</summary>
    private void CheckDeadline()
    {
        lock (_lock)
        {
            if (_state != State.Running || Time.GetTimestamp() < _deadline)
                return;
        }
        Revoke();
    }

    private void OnTimer()
    {
        CheckDeadline();
        lock (_lock)
        {
            // A renewal moves the deadline but not the timer: it looks again when it fires.
            if (_state == State.Running)
                ArmTimer_NeedsLock();
        }
    }

    private TimeSpan Left_NeedsLock()
    {
        var left = Time.GetElapsedTime(Time.GetTimestamp(), _deadline);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private void ArmTimer_NeedsLock()
    {
        if (_timer is null)
            LeaseGuard.Watch(this);
        else
            _timer.Change(Time.TimerDelayUntil(_deadline), Timeout.InfiniteTimeSpan);
    }
}
