namespace LeaderElection.Tests.History;

/// <summary>A mistake that a strategy, or who uses it, could make; the chaos runs have to catch each.</summary>
internal enum CandidateDefect
{
    None,

    /// <summary>It counts its lease from the reply, not from before the request.</summary>
    DeadlineFromReply,

    /// <summary>It works on when it has lost the leadership.</summary>
    IgnoresLost,

    /// <summary>It gives the leadership back before its work has stopped.</summary>
    ReleasesBeforeTheStop,

    /// <summary>It takes the first sign that the leader is gone for its own election.</summary>
    LeadsOnFirstDelete,

    /// <summary>The resource takes every write. (A mistake of the resource, not of the candidate.)</summary>
    NoFencing,
}
