namespace LeaderElection.Tests.ZooKeeper;

/// <summary>The system's time, that lets a test begin something in the very moment in which it is looked at for the n-th time.</summary>
/// <param name="at">The n.</param>
/// <param name="act">Begun on another thread, which is waited for until it returns or needs what is held in that moment.</param>
internal sealed class InterruptingTime(int at, Func<Task> act) : TimeProvider
{
    private readonly TaskCompletionSource<Task> _acting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _looks;

    /// <summary>Whether that moment came.</summary>
    public bool HasActed => _acting.Task.IsCompleted;

    /// <summary>Ends when that moment came, with what was begun in it.</summary>
    public Task<Task> Acting => _acting.Task;

    public override long TimestampFrequency
    {
        get
        {
            Look();
            return base.TimestampFrequency;
        }
    }

    public override long GetTimestamp()
    {
        Look();
        return base.GetTimestamp();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Look();
        return base.CreateTimer(callback, state, dueTime, period);
    }

    private void Look()
    {
        if (Interlocked.Increment(ref _looks) != at)
            return;
        var thread = new Thread(() => _acting.SetResult(act())) { IsBackground = true };
        thread.Start();
        SpinWait.SpinUntil(() => HasActed || thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
    }
}
