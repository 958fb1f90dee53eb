namespace LeaderElection.Tests.Races;

/// <summary>
/// Lets asynchronous code run one step at a time, in an order that a seed decides. A step is what runs from one await
/// that really waits to the next.
/// </summary>
/// <remarks>
/// The code is the product's own, not rewritten. An <see cref="AsyncLocal{T}"/> flows with it wherever it goes on: to the
/// thread pool, to timers, to replies from sockets. The runtime tells of its change on a thread before anything runs there,
/// and there the thread is held until it is its turn. (A <see cref="TaskScheduler"/> cannot do it: what is awaited with
/// <c>ConfigureAwait(false)</c> leaves it for the pool.) Not under control are code that suppresses the flow, and the order
/// in which the things that one step has begun come from the pool: a seed repeats the choices, and not always the run.
/// </remarks>
internal sealed class StepScheduler
{
    /// <summary>More is taken for code that does not end.</summary>
    private const int MostSteps = 100_000;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(40);

    /// <summary>A thread of another's may run for long.</summary>
    private static readonly TimeSpan LongestSettling = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestIdle = TimeSpan.FromSeconds(20);

    private static readonly AsyncLocal<StepScheduler?> Current = new(static change =>
    {
        change.PreviousValue?.Leave();
        change.CurrentValue?.Enter();
    });

    [ThreadStatic]
    private static Step? _stepHere;

    private readonly Lock _lock = new();
    private readonly AutoResetEvent _news = new(false);
    private readonly List<Step> _waiting = [];
    private readonly Random _random;
    private readonly VirtualTime? _time;
    private readonly double _haste;
    private readonly double _interruption;
    private readonly ThreadStates _threads = new();
    private ExecutionContext? _context;
    private Step? _running;
    private int _arrived;
    private bool _isOver;

    /// <param name="seed">Of all choices.</param>
    /// <param name="time">Passes when nothing is left to do; without it the code runs by the real time.</param>
    /// <param name="haste">How probable it is that time passes though there is something to do.</param>
    /// <param name="interruption">How probable it is that a step is interrupted where it looks at the clock.</param>
    public StepScheduler(int seed, VirtualTime? time = null, double haste = 0, double interruption = 0)
    {
        _random = new Random(seed);
        (_time, _haste, _interruption) = (time, haste, interruption);
    }

    /// <summary>How many steps were taken.</summary>
    public int Steps { get; private set; }

    /// <summary>The same for the same choices among as many steps.</summary>
    public int Trace { get; private set; }

    /// <summary>Runs code until it, and all that it has begun, has ended.</summary>
    /// <param name="code">The code.</param>
    /// <param name="intruders">Other code, and before which step it begins: its first step is the next.</param>
    /// <returns>What was wrong; <see langword="null"/> when nothing was.</returns>
    public string? Run(Func<Task> code, params IEnumerable<(int At, Func<Task> Code)> intruders)
    {
        List<Task> all = [BeginAsync(code)];
        var coming = new Queue<(int At, Func<Task> Code)>(intruders.OrderBy(i => i.At));
        var start = TimeProvider.System.GetTimestamp();
        var busyAt = start;
        try
        {
            while (true)
            {
                Settle();
                var count = WaitingCount;
                if (count > 0 && coming.TryPeek(out var next) && Steps >= next.At)
                {
                    // It has come last.
                    all.Add(BeginAsync(coming.Dequeue().Code));
                    Grant(count);
                }
                else if (count > 0 && (_haste == 0 || _random.NextDouble() >= _haste))
                {
                    Grant(_random.Next(count));
                }
                else if (count == 0 && all.TrueForAll(task => task.IsCompleted))
                {
                    return all.Find(task => task.IsFaulted)?.Exception!.GetBaseException().ToString();
                }
                else if (_time?.TakeNext() is { } timer)
                {
                    AwaitArrival(() => ThreadPool.UnsafeQueueUserWorkItem(
                        _ => ExecutionContext.Run(_context!, static fire => ((Action)fire!)(), timer), null));
                }
                else if (count == 0)
                {
                    // By virtual time only what is not under control can still bring something; by real time a reply, or a timer.
                    if (TimeProvider.System.GetElapsedTime(busyAt) > (_time is null ? LongestIdle : TimeSpan.FromSeconds(1)))
                        return "hangs: nothing is left that would go on";
                    _news.WaitOne(1);
                    continue;
                }
                busyAt = TimeProvider.System.GetTimestamp();
                if (Steps > MostSteps || TimeProvider.System.GetElapsedTime(start) > Longest)
                    return $"has not ended after {Steps} steps";
            }
        }
        finally
        {
            LetGo();
        }
    }

    /// <summary>A place where a step may be interrupted; locks may be held there.</summary>
    public void Interrupt()
    {
        if (_interruption == 0 || _stepHere is not { } step || step != Volatile.Read(ref _running) || _random.NextDouble() >= _interruption)
            return;
        Leave();
        Enter();
    }

    private int WaitingCount
    {
        get { lock (_lock) return _waiting.Count; }
    }

    /// <summary>Begins code; its first step has come when this returns.</summary>
    private Task BeginAsync(Func<Task> code)
    {
        Task? begun = null;
        AwaitArrival(() => begun = Task.Run(async () =>
        {
            Current.Value = this;
            _context ??= ExecutionContext.Capture();
            await code();
        }));
        return begun!;
    }

    private void AwaitArrival(Action begin)
    {
        var arrived = Volatile.Read(ref _arrived);
        begin();
        while (Volatile.Read(ref _arrived) == arrived)
            _news.WaitOne(1);
    }

    private void Grant(int index)
    {
        Step step;
        lock (_lock)
        {
            Trace = HashCode.Combine(Trace, index, _waiting.Count);
            step = _waiting[index];
            _waiting.RemoveAt(index);
            _running = step;
        }
        Steps++;
        step.Go.Set();
    }

    /// <summary>Waits until the step that runs has ended, or cannot go on, and what it has begun has come.</summary>
    private void Settle()
    {
        var looks = 0;
        while (Volatile.Read(ref _running) is { } running)
        {
            // It waits for a lock that an interrupted step holds, or is a thread that blocks by intent: the others go on.
            if (!_threads.Waits(running.Thread, running.ThreadId))
                looks = 0;
            else if (running.Go.IsSet && ++looks > 20)
                Interlocked.CompareExchange(ref _running, null, running);
            Thread.Yield();
        }
        var began = TimeProvider.System.GetTimestamp();
        HashSet<int> held;
        int arrived;
        do
        {
            lock (_lock)
            {
                held = [.. _waiting.Select(step => step.ThreadId)];
                arrived = _arrived;
            }
            Thread.Yield();
        }
        while ((ThreadPool.PendingWorkItemCount > 0 || _threads.AnyRuns(held) || arrived != Volatile.Read(ref _arrived))
            && TimeProvider.System.GetElapsedTime(began) < LongestSettling);
    }

    private void Enter()
    {
        var step = new Step(Thread.CurrentThread, ThreadStates.Id);
        lock (_lock)
        {
            if (_isOver)
                return;
            _waiting.Add(step);
        }
        Interlocked.Increment(ref _arrived);
        _news.Set();
        step.Go.Wait();
        _stepHere = step;
    }

    private void Leave()
    {
        if (_stepHere is { } step)
            Interlocked.CompareExchange(ref _running, null, step);
        _stepHere = null;
        _news.Set();
    }

    /// <summary>What still comes runs as it likes.</summary>
    private void LetGo()
    {
        Step[] waiting;
        lock (_lock)
        {
            _isOver = true;
            waiting = [.. _waiting];
            _waiting.Clear();
        }
        foreach (var step in waiting)
            step.Go.Set();
        _threads.Dispose();
    }

    private sealed record Step(Thread Thread, int ThreadId)
    {
        public ManualResetEventSlim Go { get; } = new(false, spinCount: 10);
    }
}
