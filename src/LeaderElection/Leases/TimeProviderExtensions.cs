namespace LeaderElection.Leases;

internal static class TimeProviderExtensions
{
    /// <summary>A duration in units of <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public static long ToTimestampTicks(this TimeProvider time, TimeSpan duration) =>
        (long)(duration.TotalSeconds * time.TimestampFrequency);

    /// <summary>
    /// How long to set a timer for, to have it fire at that timestamp: in whole milliseconds, upwards, because timers
    /// cut what is smaller and would fire early, again and again.
    /// </summary>
    public static TimeSpan TimerDelayUntil(this TimeProvider time, long timestamp)
    {
        var left = time.GetElapsedTime(time.GetTimestamp(), timestamp);
        return left > TimeSpan.Zero ? TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)) : TimeSpan.Zero;
    }
}
