namespace LeaderElection.Raft;

/// <summary>One election, as one member takes part in it: it votes in every election, and stands in those where it was told to.</summary>
/// <remarks>Sources: Ongaro and Ousterhout 2014 (Raft), section 5.2; Ongaro's thesis 2014, sections 3.10, 4.2.3, 6.4.1 and 9.6.</remarks>
internal sealed class ElectionState
{
    private (string? Member, long Term) _knownLeader;

    /// <param name="member">The member.</param>
    /// <param name="name">The election's name.</param>
    /// <param name="index">Its number on this member.</param>
    /// <param name="ballot">What the member did in it before it was started.</param>
    /// <param name="promise">What a leader may count on that it has forgotten.</param>
    public ElectionState(RaftMember member, string name, int index, MemberState.Ballot ballot, Promise promise)
    {
        Member = member;
        Name = name;
        Index = index;
        Term = ballot.Term;
        VotedFor = ballot.VotedFor;
        Promise = promise;
        Notice = new(name, 0, "");
        Role = new Follower(this);
    }

    public RaftMember Member { get; }

    public string Name { get; }

    public int Index { get; }

    public long Term { get; private set; }

    public string? VotedFor { get; private set; }

    /// <summary>The write that holds term and vote.</summary>
    public long SavedIn { get; private set; }

    public Role Role { get; private set; }

    /// <summary>The candidate that this member stands or leads for; <see langword="null"/> when it does not.</summary>
    public string? Candidate { get; set; }

    public bool Stands => Candidate is not null;

    /// <summary>What a leader counts on. While this member follows or leads, the role says until when.</summary>
    public Promise Promise { get; private set; }

    public long DueAt { get; set; } = long.MaxValue;

    /// <summary>What the other members are told, and since which version of the notices.</summary>
    public Message.Notice Notice { get; private set; }

    public long NoticeVersion { get; private set; }

    public void DueIn(long span) => Member.SetTimer(this, Member.Now + Math.Max(1, span));

    public void NeverDue() => Member.SetTimer(this, long.MaxValue);

    /// <summary>Does something once term and vote are on the disk.</summary>
    public void WhenSaved(Action then) => Member.Writes.When(SavedIn, then);

    public void Become(Role next)
    {
        // Following ends, but the leader may still count on what its last heartbeat was promised.
        if (Role is Follower { Leader: not null })
            Promise = Promise with { Until = Role.PromisedUntil };
        Role = next;
        if (next is Leader)
            Promise = Promise with { Term = Term };
        next.Enter();
        Announce();
        LeaderMayHaveChanged();
    }

    /// <summary>Enters a term, or votes in it.</summary>
    public void Enter(long term, string? votedFor)
    {
        Term = term;
        VotedFor = votedFor;
        SavedIn = Member.Writes.Change();
    }

    public void Stand(string candidate)
    {
        if (Stands)
            throw new InvalidOperationException($"{Candidate} stands in '{Name}' already.");
        Candidate = candidate;
        Announce();
        if (Role is Follower { Leader: null })
            DueIn(Math.Max(0, Promise.Until - Member.Now) + Member.Random(Member.Timings.HeartbeatInterval));
    }

    public void Withdraw()
    {
        if (Role is Leader { IsConfirmed: true })
            return;
        Candidate = null;
        if (Role is Leader leader)
            leader.StepDown(LossReason.Resigned);
        else if (Role is Candidate)
            Become(new Follower(this));
        else
            Announce();
    }

    public void Resign(string? target)
    {
        if (Role is not Leader leader)
            return;
        leader.StepDown(LossReason.Resigned);
        if (Member.Pulse.Successor(this, target) is { } successor)
            Member.Send(successor, new Message.TimeoutNow(Name, Term, IsNamed: successor.Id == target));
    }

    public void OnPreVote(Peer peer, Message.PreVote request)
    {
        var granted = request.Term > Term && MayVote(releasedTerm: 0);
        Reply(peer, new Message.PreVoteReply(Name, request.Term, Term, granted));
    }

    public void OnVote(Peer peer, Message.Vote request)
    {
        // A voter that a leader counts on does not even enter the new term: that would end the leader's (4.2.3).
        if (request.Term >= Term && MayVote(request.ReleasedTerm) && (request.Term > Term || VotedFor is null))
        {
            (Role as Leader)?.StepDown(LossReason.Superseded);
            Enter(request.Term, peer.Id);
            Become(new Follower(this));
            Promise = Promise.Void(Promise.Term, Member.Now);
        }
        var granted = request.Term == Term && VotedFor == peer.Id;
        Reply(peer, new Message.VoteReply(Name, request.Term, Term, granted));
    }

    public void OnTimeoutNow(Message.TimeoutNow message)
    {
        if (!Stands || message.Term < Term || !MayVote(message.Term))
            return;
        Term = message.Term;
        BeginVote(message.Term, message.IsNamed);
    }

    /// <summary>Asks whether it would be elected, if it may vote for itself.</summary>
    public void BeginPreVote(int attempt)
    {
        if (Role is Candidate)
            Become(new Follower(this));
        // While the disk hangs it does not stand again and again for votes that it cannot give itself.
        if (!Member.IsAdmitted || !Member.Writes.IsSaved(SavedIn))
            DueIn(Member.RandomTimeout());
        else if (!MayVote(releasedTerm: 0))
            DueIn(Role.PromisedUntil - Member.Now + Member.Random(Member.Timings.HeartbeatInterval / 10));
        else if (Member.SeesMajority)
            Become(new Candidate(this, attempt));
        else
            DueIn(Member.RandomTimeout());
    }

    /// <summary>Asks in earnest, in the next term.</summary>
    public void BeginVote(long releasedTerm, bool isNamed = false)
    {
        Enter(Term + 1, Member.Configuration.Self);
        Become(new Candidate(this, attempt: 0, releasedTerm, isNamed));
        Promise = Promise.Void(Promise.Term, Member.Now);
    }

    /// <summary>A heartbeat says that a member leads a term that is not behind this member's.</summary>
    public void Follow(Peer peer, Message.Notice notice)
    {
        (Role as Leader)?.StepDown(LossReason.Superseded);
        if (notice.Term > Term)
            Enter(notice.Term, votedFor: null);
        Become(new Follower(this, peer, notice.Candidate));
        // A promise to an earlier leader is void: a majority waited for its end before it elected this one.
        Promise = Promise.Void(notice.Term, Member.Now);
    }

    /// <summary>Takes over the highest term that others know, without a vote to give in it: that may have been given and forgotten.</summary>
    public void Recall(long term)
    {
        if (term > Term)
            Enter(term, Member.Configuration.Self);
    }

    /// <summary>A leader may count on this member that nobody here remembers.</summary>
    public void BeWary(long until)
    {
        Promise = new(Math.Max(Promise.Term, Term), until);
        if (Stands)
            DueIn(until - Member.Now + Member.Random(Member.Timings.HeartbeatInterval));
    }

    /// <summary>A member has stopped leading a term, or is dead.</summary>
    /// <param name="peer">The member.</param>
    /// <param name="term">The term; the member does not count on anybody in it any more.</param>
    /// <param name="delay">How long to leave it to others to stand.</param>
    public void Release(Peer peer, long term, long delay)
    {
        if (Promise.Term > term)
            return;
        var followed = Role is Follower { Leader: { } leader } && leader == peer;
        if (followed)
            Become(new Follower(this));
        Promise = Promise.Void(Promise.Term, Member.Now);
        if (followed)
            StandSoon(delay);
    }

    /// <summary>The link to the leader is gone, but the leader may live.</summary>
    public void LoseLink(Peer peer)
    {
        if (Role is not Follower { Leader: { } leader } || leader != peer)
            return;
        Become(new Follower(this));
        StandSoon(Promise.Until - Member.Now);
    }

    /// <summary>The leader was not heard for a whole timeout.</summary>
    public void LoseLeader(Peer peer)
    {
        if (Role is not Follower { Leader: { } leader } || leader != peer)
            return;
        Become(new Follower(this));
        if (Stands)
            BeginPreVote(attempt: 1);
    }

    /// <summary>Those who stand go one after the other, so that they do not take the votes from each other.</summary>
    public void StandSoon(long delay)
    {
        var heartbeat = Member.Timings.HeartbeatInterval;
        if (Stands)
            DueIn(Math.Max(0, delay) + (Member.Pulse.PlaceInLine(this) * heartbeat / 2) + Member.Random(heartbeat / 10));
    }

    /// <summary>Tells the outside who leads, if that has changed.</summary>
    public void LeaderMayHaveChanged()
    {
        var (id, candidate) = Role switch
        {
            Follower { Leader: { } peer } follower => (peer.Id, follower.Candidate),
            Leader { IsConfirmed: true } => (Member.Configuration.Self, Candidate),
            _ => (null, null),
        };
        var leader = (id, id is null ? 0 : Term);
        if (leader == _knownLeader)
            return;
        _knownLeader = leader;
        Member.Emit(new Output.LeaderChanged(Name, id, candidate, leader.Item2));
    }

    private bool MayVote(long releasedTerm) =>
        !(Promise with { Until = Role.PromisedUntil }).Binds(Member.Now, Role is Leader ? 0 : releasedTerm);

    private void Reply(Peer peer, Message reply) => Member.Writes.Answer(SavedIn, () => Member.Send(peer, reply));

    private void Announce()
    {
        var notice = new Message.Notice(Name, Role is Leader ? Term : 0, Candidate ?? "");
        if (notice == Notice)
            return;
        Notice = notice;
        NoticeVersion = Member.Pulse.Announce(this, isLed: Role is Leader);
    }
}
