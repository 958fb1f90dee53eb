namespace LeaderElection.Raft;

/// <summary>
/// Has won the votes of a term. It leads for the outside only once a majority has acknowledged a heartbeat that says
/// so: then the lease holds (Ongaro 2014, 6.4.1).
/// </summary>
/// <param name="election">The election.</param>
/// <param name="isNamed">Whether it was asked for by name: then it does not give way to a member that is preferred.</param>
internal sealed class Leader(ElectionState election, bool isNamed) : Role(election)
{
    private readonly long _wonAt = election.Member.Now;

    public bool IsConfirmed { get; private set; }

    /// <summary>When to look again whether another member is preferred.</summary>
    public long LooksForPreferredAt { get; set; } = isNamed ? long.MaxValue : 0;

    public override long PromisedUntil => IsConfirmed ? Member.Pulse.LeaseUntil : _wonAt + Member.Timings.ElectionTimeoutMin;

    public override void Enter() => Election.DueIn(Member.Timings.ElectionTimeoutMin);

    /// <summary>Nobody confirmed it in time.</summary>
    public override void OnDue()
    {
        if (!IsConfirmed)
            StepDown(LossReason.LeaseRanOut);
    }

    /// <param name="sent">Since when the lease counts.</param>
    public void Confirm(long sent)
    {
        IsConfirmed = true;
        Election.NeverDue();
        Member.Emit(new Output.Elected(Election.Name, Election.Term, Election.Candidate!, sent));
        Election.LeaderMayHaveChanged();
    }

    /// <summary>Leads no more, from this moment: the outside is told before anybody else can be elected.</summary>
    public void StepDown(LossReason reason)
    {
        if (IsConfirmed)
            Member.Emit(new Output.Lost(Election.Name, Election.Term, reason));
        // A campaign that nobody was told the end of goes on.
        if (IsConfirmed || reason == LossReason.Resigned)
            Election.Candidate = null;
        Election.Become(new Follower(Election));
    }
}
