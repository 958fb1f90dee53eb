namespace LeaderElection.Tests;

/// <summary>Time that stands still until a test moves it, and fires timers in order as it passes them.</summary>
internal sealed class VirtualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<VirtualTimer> _timers = [];
    private TimeSpan _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How many timers are set: a way to see that somebody waits.</summary>
    public int TimerCount
    {
        get { lock (_lock) return _timers.Count; }
    }

    /// <summary>Whose timers are set, and in how long they are due.</summary>
    public IReadOnlyList<string> Timers
    {
        get { lock (_lock) return [.. _timers.Select(t => FormattableString.Invariant($"{t.Owner} in {(t.Due - _now).TotalSeconds} s"))]; }
    }

    public override long GetTimestamp()
    {
        lock (_lock) return _now.Ticks;
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) + _now;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets time pass; timers that come due fire on this thread, each at its own moment.</summary>
    public void Advance(TimeSpan span)
    {
        TimeSpan end;
        lock (_lock) end = _now + span;
        while (true)
        {
            VirtualTimer? next;
            lock (_lock)
            {
                next = _timers.Where(t => t.Due <= end).MinBy(t => t.Due);
                if (next is null)
                {
                    _now = end;
                    return;
                }
                _now = next.Due > _now ? next.Due : _now;
                _timers.Remove(next);
            }
            next.Fire();
        }
    }

    /// <summary>Lets time pass until the next timer is due.</summary>
    /// <returns>What fires it, elsewhere; <see langword="null"/> when none is set.</returns>
    public Action? TakeNext()
    {
        lock (_lock)
        {
            if (_timers.MinBy(t => t.Due) is not { } next)
                return null;
            _now = next.Due > _now ? next.Due : _now;
            _timers.Remove(next);
            return next.Fire;
        }
    }

    /// <summary>Lets time pass without a timer firing, as for a process that is frozen and thaws.</summary>
    public void AdvanceFrozen(TimeSpan span)
    {
        lock (_lock) _now += span;
    }

    private sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
    {
        public TimeSpan Due { get; private set; }

        public string Owner => $"{callback.Method.DeclaringType}.{callback.Method.Name}({state})";

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Assert.True(period == Timeout.InfiniteTimeSpan || period == TimeSpan.Zero, "periodic timers are not needed here");
            lock (time._lock)
            {
                time._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;
                Due = time._now + dueTime;
                time._timers.Add(this);
            }
            return true;
        }

        public void Fire() => callback(state);

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return ValueTask.CompletedTask;
        }
    }
}
