namespace LeaderElection.Leases;

/// <summary>A candidate's claim to an election, as it is put to the store.</summary>
public sealed record LeaseClaim
{
    /// <summary>The election.</summary>
    public required string Election { get; init; }

    /// <summary>The candidate.</summary>
    public required string CandidateId { get; init; }

    /// <summary>Random, one per campaign: a claim whose reply was lost is found again by it, and never made twice.</summary>
    public required string ClaimId { get; init; }

    /// <summary>The lease of the claimant's process. Claiming confirms it, or starts it.</summary>
    public required string LeaseId { get; init; }

    /// <summary>Whether the lease was confirmed before: then it must still be there.</summary>
    public bool LeaseMustExist { get; init; }

    /// <summary>
    /// A lease that the claimant believes to be alive, by its own clock. While it does, the store may not take the
    /// absence of that lease, or of the election's entry, for an end of the leadership: keys are also evicted, deleted
    /// by hand, and lost in a restart.
    /// </summary>
    public string? WatchedLeaseId { get; init; }

    /// <summary>
    /// For how long a leader may believe whose entry is missing: the claimant's lease, or the watched one if that was seen
    /// to be longer.
    /// </summary>
    public required TimeSpan LongestLease { get; init; }

    /// <summary>The highest fencing token that the claimant has seen in this election: a store that lost its counter catches up with it.</summary>
    public long HighestToken { get; init; }
}
