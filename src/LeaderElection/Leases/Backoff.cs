namespace LeaderElection.Leases;

/// <summary>Exponential back-off with full jitter, for errors of the store; a lost race never waits.</summary>
/// <remarks>Source: M. Brooker, "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015), "full jitter".</remarks>
internal sealed class Backoff(TimeSpan first, TimeSpan longest)
{
    private int _failures;

    public void Reset() => _failures = 0;

    public TimeSpan Next()
    {
        var ceiling = Math.Min(longest.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(_failures++, 20)));
        // Never nothing: half is fixed, half is chance.
        return TimeSpan.FromMilliseconds((ceiling / 2) + (Random.Shared.NextDouble() * ceiling / 2));
    }
}
