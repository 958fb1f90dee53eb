namespace LeaderElection.Tests.Races;

/// <summary>A time by which a step may be interrupted wherever it looks at the clock.</summary>
internal sealed class SteppedTime(TimeProvider inner, StepScheduler scheduler) : TimeProvider
{
    public override long TimestampFrequency => inner.TimestampFrequency;

    public override long GetTimestamp()
    {
        scheduler.Interrupt();
        return inner.GetTimestamp();
    }

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        scheduler.Interrupt();
        return inner.CreateTimer(callback, state, dueTime, period);
    }
}
