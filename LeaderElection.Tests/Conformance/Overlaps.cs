namespace LeaderElection.Tests.Conformance;

internal static class Overlaps
{
    /// <summary>Whether one of these was elected while the leader led. Call it before anything ends that leadership.</summary>
    public static Func<bool> Of(Leadership leader, params Task<Leadership>[] others)
    {
        var overlap = false;
        foreach (var other in others)
        {
            _ = other.ContinueWith(
                _ => overlap |= leader.IsValid, CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously | TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        }
        return () => overlap;
    }
}
