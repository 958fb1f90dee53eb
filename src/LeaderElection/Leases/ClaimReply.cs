namespace LeaderElection.Leases;

/// <summary>What the store says of a claim, with what goes with it.</summary>
/// <param name="Answer">The verdict.</param>
/// <param name="Leader">The leader: the claimant, if it won.</param>
/// <param name="LeaseId">The leader's lease, if another leads.</param>
/// <param name="Remaining">How long its lease has to run, or how long to wait.</param>
public readonly record struct ClaimReply(ClaimAnswer Answer, LeaderInfo? Leader = null, string? LeaseId = null, TimeSpan Remaining = default)
{
    /// <summary>The claimant leads.</summary>
    public static ClaimReply Won(LeaderInfo leader) => new(ClaimAnswer.Won, leader);

    /// <summary>Another leads.</summary>
    public static ClaimReply Held(LeaseRecord record) => new(ClaimAnswer.Held, record.Leader, record.LeaseId, record.Remaining);

    /// <summary>Nobody may lead for this long.</summary>
    public static ClaimReply Wait(TimeSpan duration) => new(ClaimAnswer.Wait, Remaining: duration);

    /// <summary>The claimant's own lease is gone from the store.</summary>
    public static ClaimReply LeaseGone { get; } = new(ClaimAnswer.LeaseGone);
}
