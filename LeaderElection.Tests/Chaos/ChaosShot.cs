namespace LeaderElection.Tests.Chaos;

/// <summary>One fault of a schedule. The same seed gives the same faults; who leads when they come is up to the run.</summary>
/// <param name="Action">What happens.</param>
/// <param name="Pause">How long after the one before.</param>
/// <param name="Waits">Whether it waits until somebody leads.</param>
/// <param name="AtLeader">Whether it hits the leader, if there is one.</param>
/// <param name="Target">Whom else: the candidate or server with this number, modulo how many there are.</param>
/// <param name="Part">From 0 to 1: how long it takes, between the shortest and the longest that the fault allows.</param>
/// <param name="Loses">Whether what was under way on a broken line is lost, rather than late; whether another fault comes in its harder form.</param>
internal sealed record ChaosShot(ChaosAction Action, TimeSpan Pause, bool Waits, bool AtLeader, int Target, double Part, bool Loses)
{
    public static ChaosShot Create(Random random, ChaosAction action, TimeSpan lease) =>
        new(action, lease * (0.2 + random.NextDouble()), random.Next(4) > 0, random.Next(5) > 1, random.Next(1000), random.NextDouble(), random.Next(2) == 0);

    public TimeSpan Length(TimeSpan shortest, TimeSpan longest) => shortest + ((longest - shortest) * Part);
}
