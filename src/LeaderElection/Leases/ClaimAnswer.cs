namespace LeaderElection.Leases;

/// <summary>What the store says of a claim.</summary>
public enum ClaimAnswer
{
    /// <summary>The claimant leads.</summary>
    Won,

    /// <summary>Another leads.</summary>
    Held,

    /// <summary>The leader's entry or lease is gone, but not because it ended: nobody may lead before it has run out.</summary>
    Wait,

    /// <summary>The claimant's own lease is gone from the store.</summary>
    LeaseGone,
}
