namespace LeaderElection.Raft;

/// <summary>What a voter owes: to vote for nobody whom the leader of that term, or of an earlier one, has not handed over to, until then.</summary>
/// <remarks>A voter has one promise in each election. Only its end moves while it holds, and it is given up only for a reason that proves that no leader counts on it.</remarks>
/// <param name="Term">The latest term whose leader may count on it.</param>
/// <param name="Until">When it ends.</param>
internal readonly record struct Promise(long Term, long Until)
{
    /// <summary>None: nobody of that term, or of an earlier one, counts on this voter any more.</summary>
    public static Promise Void(long term, long now) => new(term, now);

    /// <summary>Whether it stands against a candidate.</summary>
    /// <param name="now">The time.</param>
    /// <param name="releasedTerm">The term whose leader handed over to the candidate; 0 for none.</param>
    public bool Binds(long now, long releasedTerm) => now < Until && releasedTerm < Term;
}
