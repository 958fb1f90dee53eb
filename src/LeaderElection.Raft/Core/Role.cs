namespace LeaderElection.Raft;

/// <summary>What a member is in one election.</summary>
internal abstract class Role(ElectionState election)
{
    protected ElectionState Election { get; } = election;

    protected RaftMember Member => Election.Member;

    /// <summary>Until when this member votes for nobody, because a leader counts on it.</summary>
    public abstract long PromisedUntil { get; }

    /// <summary>Called once, when the role is taken.</summary>
    public abstract void Enter();

    /// <summary>The timer of the election is due.</summary>
    public abstract void OnDue();

    public virtual void OnPreVoteReply(Peer peer, Message.PreVoteReply reply)
    {
    }

    public virtual void OnVoteReply(Peer peer, Message.VoteReply reply)
    {
    }

    public virtual void OnPeerUp(Peer peer)
    {
    }
}
