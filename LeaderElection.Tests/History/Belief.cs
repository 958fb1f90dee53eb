namespace LeaderElection.Tests.History;

/// <summary>What a leader makes of its leadership: the right thing, or what its defect leads it to.</summary>
internal sealed class Belief(Leadership leadership, CandidateDefect defect)
{
    private const long Millisecond = 1_000_000;
    private long _deadline;
    private long _until;

    /// <summary>Until when it may work, on the history's clock, as far as it knows now; 0 when it may not any more.</summary>
    public long Until()
    {
        // The clock first: a freeze in between makes the deadline too early, never too late.
        var now = HistoryEvent.Now;
        var remaining = (long)(leadership.LeaseRemaining.TotalMilliseconds * Millisecond);
        if (defect != CandidateDefect.DeadlineFromReply)
            return remaining > 0 ? now + remaining : 0;
        if (remaining > 0 && now + remaining > _deadline + (20 * Millisecond))
        {
            // A renewal was answered just now, and the whole lease is counted from here.
            _deadline = now + remaining;
            _until = now + (long)(leadership.LeaseDuration.TotalMilliseconds * 0.94 * Millisecond);
        }
        return leadership.EndReason != LeadershipEnd.Resigned && now < _until ? _until : 0;
    }

    /// <summary>Whether it works on although it may not.</summary>
    public bool GoesOn(long lostAt) => defect switch
    {
        CandidateDefect.IgnoresLost => leadership.EndReason == LeadershipEnd.LeaseRanOut && HistoryEvent.Now < lostAt + (1000 * Millisecond),
        CandidateDefect.ReleasesBeforeTheStop => leadership.EndReason == LeadershipEnd.Resigned && HistoryEvent.Now < lostAt + (1000 * Millisecond),
        _ => false,
    };
}
