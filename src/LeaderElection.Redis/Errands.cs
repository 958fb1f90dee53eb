namespace LeaderElection.Redis;

/// <summary>Work that nobody waits for but the end: it is called off then, and waited for.</summary>
internal sealed class Errands
{
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _underWay = [];
    private readonly CancellationTokenSource _end = new();

    /// <summary>Starts one; after the end nothing is started any more.</summary>
    /// <param name="errand">Gets a token that is cancelled at the end; it throws nothing but that cancellation.</param>
    /// <returns>Whether it was started.</returns>
    public bool Run(Func<CancellationToken, Task> errand)
    {
        lock (_lock)
        {
            if (_end.IsCancellationRequested)
                return false;
            var task = Task.Run(() => errand(_end.Token));
            _underWay.Add(task);
            _ = task.ContinueWith(Done, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            return true;
        }

        void Done(Task task)
        {
            _ = task.Exception;
            lock (_lock) _underWay.Remove(task);
        }
    }

    /// <summary>Calls off what waits to be tried again, and waits for what is under way.</summary>
    public async Task EndAsync()
    {
        // Not under the lock: what is called off goes on within.
        await _end.CancelAsync().ConfigureAwait(false);
        Task[] underWay;
        lock (_lock) underWay = [.. _underWay];
        await Task.WhenAll(underWay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
