namespace LeaderElection.Raft;

internal enum LossReason
{
    /// <summary>No majority acknowledged a heartbeat in time.</summary>
    LeaseRanOut,

    /// <summary>A member is in a higher term.</summary>
    Superseded,

    /// <summary>It handed over.</summary>
    Resigned,
}
