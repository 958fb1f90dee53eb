namespace LeaderElection.Leases;

internal static class TaskExtensions
{
    /// <summary>Counts as seen when it fails, also after those who waited for it have gone.</summary>
    public static T Observed<T>(this T task)
        where T : Task
    {
        _ = task.ContinueWith(
            static failed => failed.Exception, CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return task;
    }
}
