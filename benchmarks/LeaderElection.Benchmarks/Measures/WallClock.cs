namespace LeaderElection.Benchmarks.Measures;

/// <summary>The clock that all processes of a measurement share.</summary>
internal static class WallClock
{
    public static long Nanoseconds => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
