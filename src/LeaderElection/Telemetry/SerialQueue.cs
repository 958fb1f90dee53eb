namespace LeaderElection.Telemetry;

/// <summary>
/// Runs code of others (loggers, listeners, subscribers) one after another on the thread pool. Whoever posts it does not
/// wait, and does not hear of its exceptions: such code holds up what stands behind it here, and nothing else.
/// </summary>
/// <param name="dropped">Called with how many were dropped, once there is room again.</param>
internal sealed class SerialQueue(Action<long>? dropped = null)
{
    /// <summary>Where code hangs, no more than this waits behind it; what comes later is dropped.</summary>
    private const int MostWaiting = 10_000;

    [ThreadStatic]
    private static SerialQueue? _runningHere;

    private readonly Lock _lock = new();
    private readonly Queue<(Action Action, ExecutionContext? Context)> _waiting = new();
    private TaskCompletionSource? _idle;
    private bool _isRunning;
    private long _dropped;

    /// <summary>Whether the caller is run by this queue.</summary>
    public bool IsRunningHere => _runningHere == this;

    /// <summary>Runs the code later, in the context of now.</summary>
    public void Post(Action action)
    {
        var context = ExecutionContext.Capture();
        lock (_lock)
        {
            if (_waiting.Count >= MostWaiting)
            {
                _dropped++;
                return;
            }
            _waiting.Enqueue((action, context));
            if (_isRunning)
                return;
            _isRunning = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(static queue => queue.Run(), this, preferLocal: false);
    }

    /// <summary>Completes when nothing waits and nothing runs.</summary>
    public Task WhenIdleAsync()
    {
        lock (_lock)
        {
            if (!_isRunning)
                return Task.CompletedTask;
            return (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void Run()
    {
        _runningHere = this;
        try
        {
            while (Next() is { } next)
                Run(next.Action, next.Context);
        }
        finally
        {
            _runningHere = null;
        }
    }

    private (Action Action, ExecutionContext? Context)? Next()
    {
        lock (_lock)
        {
            if (_waiting.TryDequeue(out var next))
                return next;
            if (_dropped > 0 && dropped is not null)
            {
                var count = _dropped;
                _dropped = 0;
                return (() => dropped(count), null);
            }
            _isRunning = false;
            _idle?.SetResult();
            _idle = null;
            return null;
        }
    }

    private static void Run(Action action, ExecutionContext? context)
    {
        try
        {
            if (context is null)
                action();
            else
                ExecutionContext.Run(context, static state => ((Action)state!)(), action);
        }
        catch (Exception)
        {
            // It is a logger's own, or a listener's: there is nobody left to tell.
        }
    }
}
