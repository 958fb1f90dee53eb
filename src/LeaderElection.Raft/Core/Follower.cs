namespace LeaderElection.Raft;

/// <summary>Follows a leader, or waits until there is one; if it stands, not for long.</summary>
/// <param name="election">The election.</param>
/// <param name="leader">The member that leads, if any is known.</param>
/// <param name="candidate">The candidate that it leads for.</param>
internal sealed class Follower(ElectionState election, Peer? leader = null, string? candidate = null) : Role(election)
{
    public Peer? Leader { get; } = leader;

    public string? Candidate { get; } = candidate;

    // Every heartbeat of the leader renews the promise, whether it names the election or not.
    public override long PromisedUntil =>
        Leader is null ? Election.Promise.Until : Leader.LastContact + Member.Timings.ElectionTimeoutMin;

    public override void Enter()
    {
        // That the leader falls silent is noticed once per member, not once per election.
        if (Leader is null && Election.Stands)
            Election.DueIn(Member.RandomTimeout());
        else
            Election.NeverDue();
    }

    public override void OnDue() => Election.BeginPreVote(attempt: 1);

    public override void OnPeerUp(Peer peer)
    {
        if (Leader is null && Election.Stands)
            Election.DueIn(Math.Min(Election.DueAt - Member.Now, Member.Random(Member.Timings.HeartbeatInterval)));
    }
}
