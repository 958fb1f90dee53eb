namespace LeaderElection.Board.History;

/// <summary>One leadership as the board saw it. Lengths are by the monotonic clock, times for display by the wall clock.</summary>
internal sealed class Term(long number, string candidate, long token, DateTimeOffset from, long startedAt, LeadershipChange? change)
{
    /// <summary>From 1, over all terms of the election that the board has seen.</summary>
    public long Number => number;

    public string Candidate => candidate;

    public long Token => token;

    public DateTimeOffset From => from;

    public long StartedAt => startedAt;

    /// <summary>How leadership came here; <see langword="null"/> for the first term seen.</summary>
    public LeadershipChange? Change => change;

    public DateTimeOffset? To { get; private set; }

    public long EndedAt { get; private set; }

    public string? EndReason { get; private set; }

    /// <summary>How leadership went on from here.</summary>
    public LeadershipChange? Next { get; private set; }

    /// <summary>When the next term started, if it has.</summary>
    public long NextStartedAt { get; private set; }

    /// <summary>For how long its leader went on claiming to lead when another did already.</summary>
    public TimeSpan Overlap { get; set; }

    public bool HasEnded => To is not null;

    public void End(DateTimeOffset at, long timestamp, string reason) => (To, EndedAt, EndReason) = (at, timestamp, reason);

    /// <summary>It had only seemed to be over.</summary>
    public void Resume() => (To, EndedAt, EndReason) = (null, 0, null);

    public void FollowedBy(LeadershipChange next, long timestamp) => (Next, NextStartedAt) = (next, timestamp);

    /// <summary>Takes the leader's own word for what the board had concluded.</summary>
    public void Explain(string reason)
    {
        EndReason = reason;
        if (Next is not null)
            Next.IsHandOver = reason == EndReasons.Resigned;
    }
}
