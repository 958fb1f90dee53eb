namespace LeaderElection.Leases;

/// <summary>The times of a strategy whose leaders hold a lease. All elections of a backend share one lease.</summary>
public class LeaseOptions
{
    /// <summary>What a Redis script can count to.</summary>
    private const long HighestFencingToken = (1L << 53) - 1;

    /// <summary>
    /// How long the store keeps the lease without a renewal: a crashed or frozen leader is replaced after this time.
    /// </summary>
    /// <value>Defaults to 15 s; from 200 ms to 1 day.</value>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a leader renews its lease.</summary>
    /// <value>
    /// Defaults to two fifths of <see cref="LeaseDuration"/>: a crash is noticed sooner than with more renewals, as less of the
    /// lease is left, and there is time for several more attempts after one that failed. For ZooKeeper and Raft a third.
    /// </value>
    public TimeSpan? RenewInterval { get; set; }

    /// <summary>
    /// The longest pause between two attempts while the store is in trouble, and how often a follower looks by itself
    /// where the store cannot notify (a network folder).
    /// </summary>
    /// <value>Defaults to a fifth of <see cref="LeaseDuration"/>, at most 2 s.</value>
    public TimeSpan? RetryPeriod { get; set; }

    /// <summary>By which fraction the clocks of the store and of a candidate may run apart.</summary>
    /// <value>Defaults to 0.01; from 0 to 0.2.</value>
    public double ClockDrift { get; set; } = 0.01;

    /// <summary>How long before the end of the lease a leader stops believing in it.</summary>
    /// <value>Defaults to a twentieth of <see cref="LeaseDuration"/>.</value>
    public TimeSpan? SafetyMargin { get; set; }

    /// <summary>
    /// How long the work of a leader that resigns may take to stop. Until then its lease goes on being renewed, so that
    /// nobody else leads beside it; then that is logged as an error, and the leadership is given back while the work still
    /// runs: only the fencing token holds off what that writes.
    /// </summary>
    /// <value>Defaults to 30 s, as a host's shutdown does; from 0 to 1 day.</value>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The lowest fencing token to lead with: where the strategy was changed, or its store was lost, one above the highest that
    /// a resource has seen, which refuses what is lower. Counted tokens (<c>file</c>, <c>redis</c>, <c>postgresql</c>) start there. Tokens that
    /// the store gives (<c>etcd</c>, <c>zookeeper</c>, <c>raft</c>) cannot be raised: who is elected with a lower one resigns, and
    /// the campaign is refused.
    /// </summary>
    /// <value>Defaults to 0, no limit; to 2^53 - 1. The same for all candidates.</value>
    public long MinimumFencingToken { get; set; }

    /// <summary>
    /// Whether the process, some 15 s after it first campaigned, has leaders hand over to each other a few times on a store in
    /// memory: then code is compiled that would be compiled in the first take-over otherwise. Nothing of it reaches the real
    /// store, logs or telemetry. Once per process; programs compiled ahead of time have no need of it.
    /// </summary>
    /// <value>Defaults to <see langword="true"/>, unless the run-time setting <c>LeaderElection.Rehearse</c> is <c>false</c>.</value>
    public bool Rehearse { get; set; } = !AppContext.TryGetSwitch("LeaderElection.Rehearse", out var isOn) || isOn;

    /// <summary>
    /// Called before each request to the store, to delay it or make it fail. For fault injection in tests and demos.
    /// </summary>
    /// <value>Defaults to none.</value>
    public Func<CancellationToken, ValueTask>? BeforeRequest { get; set; }

    /// <summary>The shortest <see cref="LeaseDuration"/> that the strategy can hold.</summary>
    private protected virtual TimeSpan ShortestLease => TimeSpan.FromMilliseconds(200);

    // In whole ticks, rounded down.
    private protected virtual TimeSpan DefaultRenewInterval => TimeSpan.FromTicks(LeaseDuration.Ticks * 2 / 5);

    internal TimeSpan EffectiveRenewInterval => RenewInterval ?? DefaultRenewInterval;

    internal TimeSpan EffectiveRetryPeriod => RetryPeriod ?? Min(LeaseDuration / 5, TimeSpan.FromSeconds(2));

    internal TimeSpan EffectiveSafetyMargin => SafetyMargin ?? LeaseDuration / 20;

    /// <summary>Lists what is wrong with the options, each with the option, its value and the rule; empty when nothing is.</summary>
    public virtual IEnumerable<string> Validate()
    {
        if (LeaseDuration < ShortestLease || LeaseDuration > TimeSpan.FromDays(1))
        {
            yield return FormattableString.Invariant($"{nameof(LeaseDuration)} is {Text(LeaseDuration)}; it must be from {ShortestLease.TotalMilliseconds} ms to 1 day");
            yield break;
        }
        if (!(ClockDrift >= 0 && ClockDrift <= 0.2))
        {
            yield return FormattableString.Invariant($"{nameof(ClockDrift)} is {ClockDrift}; it must be from 0 to 0.2");
            yield break;
        }
        if (EffectiveSafetyMargin < TimeSpan.Zero)
            yield return $"{nameof(SafetyMargin)} is {Text(EffectiveSafetyMargin)}; it must not be negative";
        if (EffectiveRenewInterval <= TimeSpan.Zero)
            yield return $"{nameof(RenewInterval)} is {Text(EffectiveRenewInterval)}; it must be greater than 0";
        if (EffectiveRetryPeriod <= TimeSpan.Zero || EffectiveRetryPeriod > LeaseDuration)
            yield return $"{nameof(RetryPeriod)} is {Text(EffectiveRetryPeriod)}; it must be greater than 0 and at most {nameof(LeaseDuration)} ({Text(LeaseDuration)})";
        if (DrainTimeout < TimeSpan.Zero || DrainTimeout > TimeSpan.FromDays(1))
            yield return $"{nameof(DrainTimeout)} is {Text(DrainTimeout)}; it must be from 0 to 1 day";
        if (MinimumFencingToken is < 0 or > HighestFencingToken)
            yield return FormattableString.Invariant($"{nameof(MinimumFencingToken)} is {MinimumFencingToken}; it must be from 0 to {HighestFencingToken}");
        // The sum of the longest times there are is no time.
        if ((Int128)EffectiveRenewInterval.Ticks + EffectiveSafetyMargin.Ticks >= (LeaseDuration * (1 - ClockDrift)).Ticks)
        {
            yield return $"{nameof(RenewInterval)} ({Text(EffectiveRenewInterval)}) + {nameof(SafetyMargin)} ({Text(EffectiveSafetyMargin)}) "
                + $"must be less than {nameof(LeaseDuration)} × (1 − {nameof(ClockDrift)}) ({Text(LeaseDuration * (1 - ClockDrift))}), or a healthy leader loses its lease";
        }
    }

    internal void ThrowIfInvalid(string optionsName)
    {
        if (Validate().ToArray() is { Length: > 0 } problems)
            throw new Microsoft.Extensions.Options.OptionsValidationException(optionsName, GetType(), problems);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static string Text(TimeSpan t) => FormattableString.Invariant($"{t.TotalSeconds:0.###} s");
}
