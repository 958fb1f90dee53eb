using LeaderElection.Leases;

namespace LeaderElection.Tests.History;

/// <summary>A wall clock that somebody sets back and forth, by up to a day; the monotonic clock and the timers are the system's.</summary>
internal sealed class WanderingClock : TimeProvider
{
    // Candidates on files tell each other by it.
    public override long TimestampFrequency => SystemTime.Instance.TimestampFrequency;

    public override long GetTimestamp() => SystemTime.Instance.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromHours(Random.Shared.Next(-24, 24));
}
