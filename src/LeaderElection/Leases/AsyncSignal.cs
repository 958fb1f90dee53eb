using System.Threading.Tasks.Sources;

namespace LeaderElection.Leases;

/// <summary>Wakes one waiter; a signal given while nobody waits is kept.</summary>
/// <remarks>Who waits again and again, as renewals do, allocates nothing: one wait and its timer serve the next as well.</remarks>
internal sealed class AsyncSignal : IValueTaskSource
{
    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<bool> _wait = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _callingOff;
    private Alarm? _alarm;
    private bool _isWaiting;
    private bool _isSet;

    public void Set()
    {
        lock (_lock)
        {
            if (!_isWaiting)
            {
                _isSet = true;
                return;
            }
            _isWaiting = false;
        }
        _wait.SetResult(true);
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
    public ValueTask WaitAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        Alarm? alarm = null;
        lock (_lock)
        {
            if (_isSet || limit == TimeSpan.Zero)
            {
                _isSet = false;
                return default;
            }
            if (_isWaiting)
                throw new InvalidOperationException("Somebody waits already.");
            if (limit != Timeout.InfiniteTimeSpan)
                alarm = _alarm ??= new Alarm(this, time);
            _wait.Reset();
            _isWaiting = true;
        }
        alarm?.Start(limit);
        _callingOff = cancellationToken.UnsafeRegister(static signal => ((AsyncSignal)signal!).End(null), this);
        return new ValueTask(this, _wait.Version);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.GetResult(short token)
    {
        _callingOff.Dispose();
        lock (_lock)
        {
            // One that has not rung may be about to: it must not end the next wait.
            if (_alarm is { IsSet: true })
            {
                _alarm.Dispose();
                _alarm = null;
            }
        }
        _wait.GetResult(token);
    }

    /// <summary>The time is up, or it is called off.</summary>
    private void End(Alarm? alarm)
    {
        lock (_lock)
        {
            if (!_isWaiting || (alarm is not null && alarm != _alarm))
                return;
            _isWaiting = false;
            if (alarm is not null)
                alarm.IsSet = false;
        }
        _wait.SetResult(true);
    }

    /// <summary>A timer that can be started again after it has rung.</summary>
    private sealed class Alarm : IDisposable
    {
        private readonly ITimer _timer;

        public Alarm(AsyncSignal signal, TimeProvider time)
        {
            _timer = time.CreateTimer(
                static state =>
                {
                    var (signal, alarm) = ((AsyncSignal, Alarm))state!;
                    signal.End(alarm);
                },
                (signal, this), Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        /// <summary>Whether it was started and has not rung.</summary>
        public bool IsSet { get; set; }

        public void Start(TimeSpan limit)
        {
            IsSet = true;
            _timer.Change(limit, Timeout.InfiniteTimeSpan);
        }

        public void Dispose() => _timer.Dispose();
    }
}
