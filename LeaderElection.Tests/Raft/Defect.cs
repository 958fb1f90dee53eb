namespace LeaderElection.Tests.Raft;

/// <summary>What is broken on purpose in a simulated cluster, to see that the checker notices.</summary>
internal enum Defect
{
    None,

    /// <summary>A voter that has voted for another grants its vote again in the same term.</summary>
    VotesTwice,

    /// <summary>The disk says that terms and votes are saved, and loses them.</summary>
    ForgetsVotes,

    /// <summary>Leaders believe for twice the least election timeout.</summary>
    LongLease,

    /// <summary>A restarted member votes at once.</summary>
    VotesAfterRestart,

    /// <summary>Clocks run apart by far more than was agreed.</summary>
    WildClocks,

    /// <summary>Members whose link to a leader is reset take the leader for dead.</summary>
    TakesResetForDeath,

    /// <summary>Members answer before the disk has what the answer depends on.</summary>
    AnswersBeforeTheDisk,

    /// <summary>Followers that are in a higher term acknowledge the leader of a lower one.</summary>
    HidesRefusals,

    /// <summary>Followers acknowledge notices that they do not have.</summary>
    AcknowledgesBlindly,

    /// <summary>A member whose disk was lost takes part at once.</summary>
    TakesAnEmptyDiskForMemory,

    /// <summary>Members do not tell one that has lost its disk what was voted.</summary>
    TellsNoTerms,

    /// <summary>What could not be written counts as written.</summary>
    IgnoresWriteErrors,
}
