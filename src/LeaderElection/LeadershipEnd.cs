namespace LeaderElection;

/// <summary>Why a leadership ended.</summary>
public enum LeadershipEnd
{
    /// <summary>The leader handed over.</summary>
    Resigned,

    /// <summary>The lease was not confirmed in time: the store was out of reach, or the process was frozen.</summary>
    LeaseRanOut,

    /// <summary>The store no longer names this leader: its entry was deleted, or another was elected.</summary>
    Superseded,
}
