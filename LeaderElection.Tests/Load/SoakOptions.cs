namespace LeaderElection.Tests.Load;

/// <summary>What a soak run does.</summary>
/// <param name="Duration">For how long, after the warm-up.</param>
/// <param name="Strategies">All at once.</param>
internal sealed record SoakOptions(TimeSpan Duration, IReadOnlyList<string> Strategies)
{
    public const int Candidates = 3;

    /// <summary>In how many each process is a candidate.</summary>
    public int Elections { get; init; } = 100;

    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Leaders resign after a part of this, and campaign again at once.</summary>
    public TimeSpan LongestTerm { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>A server that restarts on a busy machine and a lease together take a fraction of this.</summary>
    public static TimeSpan LongestLeaderless { get; } = TimeSpan.FromSeconds(30);

    public TimeSpan SampleInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The stores take turns; each is restarted (raft: a member frozen) once in this time, and so once in the warm-up.</summary>
    public TimeSpan RestartInterval => TimeSpan.FromSeconds(Math.Max(30, WarmUp.TotalSeconds * 0.8));

    /// <summary>Until the code is compiled and every kind of fault was seen once: what is sampled before does not count.</summary>
    public TimeSpan WarmUp => Duration < TimeSpan.FromMinutes(10) ? Duration / 4 : TimeSpan.FromMinutes(5);
}
