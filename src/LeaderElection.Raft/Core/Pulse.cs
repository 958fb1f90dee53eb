namespace LeaderElection.Raft;

/// <summary>The heartbeats of a member: one to each other member per interval, however many elections it leads.</summary>
/// <remarks>
/// <para><em>Notices.</em> What a member is in each election (leads term T, or stands, or neither) is a notice. The
/// notices have one version, counted up with each change. A heartbeat says "complete for whoever has version B, brings
/// you to version V", and lists only what changed in between: as a rule nothing. A receiver that lacks B (it was
/// restarted) says so in its answer, and gets the rest at once. Members that lead nothing are silent once all the
/// others have their notices.</para>
/// <para><em>Followers.</em> A heartbeat renews the receiver's promise in every election that the sender leads by its
/// notices: to vote for nobody else for the least election timeout. Where the receiver is in a higher term it does
/// not follow; it says so in every answer until the sender has stopped leading there.</para>
/// <para><em>The lease.</em> One for the member: let q be the latest moment such that a majority (itself included)
/// acknowledged heartbeats that were sent at q or later. An election that this member leads is confirmed when a majority
/// acknowledged a version that contains its notice. From then on q is after the moment at which that notice was
/// first sent, and versions only grow, so the majority behind any later q has the notice too and has not refused it: all
/// confirmed elections hold until q + lease. That is before the first of these voters may vote for another, since each
/// counts a longer time from a later moment (Ongaro 2014, 6.4.1; Gray and Cheriton 1989).</para>
/// </remarks>
internal sealed class Pulse(RaftMember member)
{
    private const int MaxInFlight = 64;

    private readonly HashSet<ElectionState> _led = [];
    private readonly HashSet<ElectionState> _unconfirmed = [];
    private readonly List<ElectionState> _noticed = [];
    private long _version;
    private long _sequence;
    private long _nextAt;
    private bool _isNews;
    private long _quorumSent = long.MinValue / 2;

    /// <summary>Until when this member may believe that it leads what it leads.</summary>
    public long LeaseUntil => _quorumSent + member.Timings.Lease;

    /// <summary>When to look again.</summary>
    public long DueAt
    {
        get
        {
            var due = long.MaxValue;
            if (member.Writes.IsStarted && member.IsAdmitted && (_led.Count > 0 || member.Peers.Any(p => p.IsUp && p.Has < _version)))
                due = _nextAt;
            if (_led.Count > _unconfirmed.Count)
                due = Math.Min(due, LeaseUntil);
            return due;
        }
    }

    /// <summary>The notice of an election has changed.</summary>
    /// <returns>The version that contains it.</returns>
    public long Announce(ElectionState election, bool isLed)
    {
        if (isLed)
        {
            _led.Add(election);
            _unconfirmed.Add(election);
        }
        else
        {
            _led.Remove(election);
            _unconfirmed.Remove(election);
        }
        if (election.NoticeVersion == 0)
            _noticed.Add(election);
        _isNews = true;
        return ++_version;
    }

    /// <summary>A lease that ran out is over before anything else is looked at: what was still on its way cannot revive it.</summary>
    public void CheckLease()
    {
        if (_led.Count == _unconfirmed.Count || member.Now < LeaseUntil)
            return;
        foreach (var election in _led.ToArray())
        {
            if (election.Role is Leader { IsConfirmed: true } leader)
                leader.StepDown(LossReason.LeaseRanOut);
        }
    }

    /// <summary>Sends what is due: to everybody at each interval, and news at once.</summary>
    public void Flush()
    {
        if (!member.Writes.IsStarted || !member.IsAdmitted)
            return;
        var isRound = member.Now >= _nextAt;
        if (!isRound && !_isNews)
            return;
        _isNews = false;
        foreach (var peer in member.Peers)
        {
            if (isRound ? _led.Count > 0 || peer.Has < _version : !IsAwaited(peer))
                SendTo(peer);
        }
        if (!isRound)
            return;
        _nextAt = member.Now + member.Timings.HeartbeatInterval;
        LookForPreferred();
    }

    public void SendTo(Peer peer)
    {
        if (!peer.IsUp || !member.Writes.IsStarted || !member.IsAdmitted)
            return;
        var since = peer.Has;
        Message.Notice[] notices = since == _version ? [] : [.. _noticed.Where(e => e.NoticeVersion > since).Select(e => e.Notice)];
        if (peer.InFlight.Count == MaxInFlight)
            peer.InFlight.Dequeue();
        peer.LastSent = member.Now;
        peer.InFlight.Enqueue(new(++_sequence, member.Now, since, _version));
        member.Send(peer, new Message.Heartbeat(member.StateId, member.Incarnation, _sequence, since, _version, notices));
    }

    public void OnHeartbeat(Peer peer, Message.Heartbeat heartbeat)
    {
        if (peer.StateId == Guid.Empty)
            peer.StateId = heartbeat.StateId;
        if (heartbeat.StateId != peer.StateId)
        {
            member.RefuseState(peer, heartbeat.StateId);
            return;
        }
        if (heartbeat.Incarnation < peer.Incarnation)
        {
            member.Refuse(peer, OlderCopy(peer.Id, heartbeat.Incarnation, peer.Incarnation));
            return;
        }
        if (heartbeat.Incarnation > peer.Incarnation)
        {
            // It was started anew, so what led before is dead.
            Forget(peer);
            peer.Incarnation = heartbeat.Incarnation;
            peer.Sequence = 0;
        }
        // Overtaken by a later one, which said more.
        if (heartbeat.Sequence <= peer.Sequence)
            return;
        // Versions only grow: this is a copy of the member, and what it promised or heard is not what this one knows of it.
        if (heartbeat.Version < peer.Version)
        {
            member.Refuse(peer, $"two processes run as {peer.Id}, with copies of one folder; stop one of them");
            return;
        }
        peer.Sequence = heartbeat.Sequence;
        peer.LastContact = member.Now;
        peer.SilentAt = member.Now + member.RandomTimeout();
        if (heartbeat.Base <= peer.Version && heartbeat.Version > peer.Version)
        {
            peer.Version = heartbeat.Version;
            foreach (var notice in heartbeat.Notices)
                Apply(peer, notice);
        }
        var ack = new Message.HeartbeatAck(heartbeat.StateId, heartbeat.Incarnation, heartbeat.Sequence, peer.Version, FollowOrRefuse(peer));
        member.Writes.Answer(peer.FollowedIn, () => member.Send(peer, ack));
    }

    public void OnAck(Peer peer, Message.HeartbeatAck ack)
    {
        if (ack.StateId != member.StateId || ack.Incarnation != member.Incarnation || !TryTake(peer, ack.Sequence, out var beat))
            return;
        peer.Has = ack.Applied;
        foreach (var (name, term) in ack.Refused)
        {
            if (member.Find(name) is { Role: Leader leader } election && term >= election.Term)
            {
                leader.StepDown(LossReason.Superseded);
                if (term > election.Term)
                    election.Enter(term, votedFor: null);
            }
        }
        if (member.Now - peer.AckedAt > member.Timings.ElectionTimeoutMin)
            peer.WellSince = member.Now;
        peer.AckedAt = member.Now;
        if (ack.Applied >= beat.Version)
        {
            peer.AckedSent = beat.Sent;
            peer.AckedVersion = beat.Version;
            Confirm();
        }
        if (peer.Has < _version && !IsAwaited(peer))
            SendTo(peer);
    }

    /// <summary>A member's process is dead: nothing that it said counts any more.</summary>
    public void Forget(Peer peer)
    {
        var led = peer.Led.ToArray();
        peer.Led.Clear();
        peer.CandidateIn.Clear();
        peer.TooMany.Clear();
        peer.Version = 0;
        foreach (var (election, notice) in led)
            election.Release(peer, notice.Term, delay: 0);
    }

    /// <summary>
    /// A member comes with a later state. What it said under the one before does not bind it any more, but that may still
    /// run somewhere: whoever followed it stays true to it until the promise ends.
    /// </summary>
    public void Supersede(Peer peer, Guid stateId)
    {
        foreach (var election in peer.Led.Keys)
            election.LoseLink(peer);
        peer.Led.Clear();
        peer.CandidateIn.Clear();
        peer.TooMany.Clear();
        peer.InFlight.Clear();
        peer.StateId = stateId;
        peer.Incarnation = peer.Sequence = peer.Version = peer.Has = 0;
    }

    /// <summary>Whom to hand an election over to.</summary>
    public Peer? Successor(ElectionState election, string? target) =>
        member.Peers.Where(p => CanTakeOver(p, election))
            .OrderBy(p => p.Id == target ? 0 : 1)
            .ThenBy(p => Order(election, p.Priority, p.Index))
            .FirstOrDefault();

    public bool CanTakeOver(Peer peer, ElectionState election) =>
        peer.IsUp && peer.CandidateIn.Contains(election) && member.Now < peer.AckedSent + member.Timings.Lease;

    /// <summary>How many of those who stand go before this member.</summary>
    public int PlaceInLine(ElectionState election)
    {
        var self = member.Configuration.SelfIndex;
        var own = Order(election, member.Configuration.List.Members[self].Priority, self);
        return member.Peers.Count(p => p.IsUp && p.CandidateIn.Contains(election) && Order(election, p.Priority, p.Index).CompareTo(own) < 0);
    }

    /// <summary>Whoever is preferred; else each member is first in its share of the elections.</summary>
    private (int, int) Order(ElectionState election, int priority, int index)
    {
        var first = 0;
        foreach (var c in election.Name)
            first = ((first * 31) + c) & 0xFFFF;
        return (-priority, (index + first) % member.Configuration.List.Members.Length);
    }

    private void Apply(Peer peer, Message.Notice notice)
    {
        if (member.FindOrAdd(notice.Election) is not { } election)
        {
            // What it cannot remember it cannot promise.
            if (notice.Term > 0)
                peer.TooMany[notice.Election] = notice.Term;
            else
                peer.TooMany.Remove(notice.Election);
            return;
        }
        if (notice.Term == 0 && notice.Candidate.Length > 0)
            peer.CandidateIn.Add(election);
        else
            peer.CandidateIn.Remove(election);
        var before = peer.Led.GetValueOrDefault(election).Term;
        if (notice.Term > 0)
            peer.Led[election] = notice;
        else
            peer.Led.Remove(election);
        // As a rule it has handed over, and the one that it chose needs no company.
        if (before > 0 && before != notice.Term)
            election.Release(peer, before, member.Timings.HeartbeatInterval);
    }

    /// <summary>Links keep their order, so this is not an old heartbeat.</summary>
    internal static string OlderCopy(string member, long incarnation, long known) => FormattableString.Invariant(
        $"{member} says that this is its start number {incarnation}, but it has been started {known} times: its folder is an older copy, which does not hold its last votes; empty the folder, and it is let in again once it has links to all other members");

    private List<Message.InTerm> FollowOrRefuse(Peer peer)
    {
        List<Message.InTerm> refused = [.. peer.TooMany.Select(e => new Message.InTerm(e.Key, e.Value))];
        foreach (var (election, notice) in peer.Led)
        {
            if (election.Term > notice.Term)
            {
                refused.Add(new(election.Name, election.Term));
                continue;
            }
            if (election.Role is not Follower { Leader: { } leader } || leader != peer)
                election.Follow(peer, notice);
            peer.FollowedIn = Math.Max(peer.FollowedIn, election.SavedIn);
        }
        return refused;
    }

    /// <summary>Whether an answer is on its way: news wait for it, if not for long, so that a thousand of them do not take as many heartbeats.</summary>
    private bool IsAwaited(Peer peer) =>
        peer.InFlight.Count > 0 && member.Now - peer.LastSent < member.Timings.HeartbeatInterval / 5;

    private static bool TryTake(Peer peer, long sequence, out Peer.Beat beat)
    {
        while (peer.InFlight.TryPeek(out beat) && beat.Sequence <= sequence)
        {
            peer.InFlight.Dequeue();
            if (beat.Sequence == sequence)
                return true;
        }
        return false;
    }

    private void Confirm()
    {
        var others = member.Configuration.List.Majority - 1;
        var sent = member.Peers.Select(p => p.AckedSent).OrderDescending().ElementAt(others - 1);
        if (sent < _quorumSent || _led.Count == 0)
            return;
        var isNews = sent > _quorumSent;
        _quorumSent = sent;
        if (member.Now >= LeaseUntil)
            return;
        if (isNews)
            member.Emit(new Output.LeaseConfirmed(sent));
        var acked = member.Peers.Select(p => p.AckedVersion).OrderDescending().ElementAt(others - 1);
        foreach (var election in _unconfirmed.Where(e => e.NoticeVersion <= acked).ToArray())
        {
            _unconfirmed.Remove(election);
            ((Leader)election.Role).Confirm(sent);
        }
    }

    private void LookForPreferred()
    {
        var own = member.Configuration.List.Members[member.Configuration.SelfIndex].Priority;
        var preferred = member.Peers
            .Where(p => p.Priority > own && member.Now - p.WellSince >= member.Timings.PreferenceDelay)
            .OrderByDescending(p => p.Priority).ToArray();
        if (preferred.Length == 0)
            return;
        foreach (var election in _led)
        {
            if (election.Role is Leader { IsConfirmed: true } leader && member.Now >= leader.LooksForPreferredAt && preferred.FirstOrDefault(p => CanTakeOver(p, election)) is { } peer)
            {
                // The attempt may come to nothing; then another is made, at the same calm pace.
                leader.LooksForPreferredAt = member.Now + member.Timings.PreferenceDelay;
                member.Emit(new Output.Preferred(election.Name, peer.Id));
            }
        }
    }
}
