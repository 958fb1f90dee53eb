namespace LeaderElection.Leases;

/// <summary>What the store says of a renewal.</summary>
/// <param name="LeaseGone">The lease no longer exists: every leadership that hangs on it is over.</param>
/// <param name="Superseded">The claims that no longer hold their election; empty when all do.</param>
public readonly record struct RenewReply(bool LeaseGone, IReadOnlyList<LeaseClaim> Superseded)
{
    /// <summary>The lease was renewed, and every claim stands.</summary>
    public static RenewReply Renewed { get; } = new(false, []);

    /// <summary>The lease no longer exists.</summary>
    public static RenewReply Gone { get; } = new(true, []);
}
