namespace LeaderElection.Raft;

/// <summary>
/// A member of a cluster that elects leaders among itself: a pure state machine. What happens comes in with the time at
/// which it happened, what is to be done goes out; no I/O, no clock, no task. Simulation and production run the same code.
/// </summary>
/// <remarks>
/// The member votes in any number of elections, each with a term and a vote of its own; they share the heartbeats and
/// the lease (<see cref="Raft.Pulse"/>) and the writes (<see cref="Raft.Writes"/>). A fencing token is the term: a term
/// is led at most once, and each leader's is higher than any before. Not thread-safe.
/// </remarks>
internal sealed class RaftMember
{
    private readonly Dictionary<string, ElectionState> _elections = [];
    private readonly Dictionary<string, Peer> _peers = [];
    private readonly SortedSet<(long At, int Index)> _timers = [];
    private readonly List<ElectionState> _byIndex = [];
    private readonly Random _random;
    private readonly long _promisedUntil;
    private readonly long _timeoutBefore;
    private Guid _clusterId;
    private long _strangerUntil;
    private List<Output> _outputs = [];
    private long _armed = long.MaxValue;

    /// <param name="configuration">The cluster, and which member this is.</param>
    /// <param name="state">What was saved last, under this configuration's list; <see cref="MemberState.Fresh"/> the first time.</param>
    /// <param name="now">The timestamp of the start.</param>
    /// <param name="random">For the timeouts.</param>
    public RaftMember(RaftConfiguration configuration, MemberState state, long now, Random random)
    {
        Configuration = configuration;
        Now = now;
        _random = random;
        Incarnation = state.Incarnation + 1;
        StateId = state.StateId;
        _clusterId = state.ClusterId;
        IsAdmitted = _clusterId != Guid.Empty;
        Pulse = new(this);
        Admission = new(this);
        for (var i = 0; i < configuration.List.Members.Length; i++)
        {
            if (i != configuration.SelfIndex)
                _peers.Add(configuration.List.Members[i].Id, new Peer(configuration.List.Members[i], i));
        }
        Peers = [.. _peers.Values];
        foreach (var known in state.Members)
        {
            if (_peers.TryGetValue(known.Member, out var peer))
                peer.StateId = known.StateId;
        }
        // Before it stopped it may have promised a leader not to vote for anybody else, for as long as was configured
        // then. It does not know whom, but not beyond the terms that it had saved.
        _timeoutBefore = state.TimeoutMicroseconds;
        _promisedUntil = now + Math.Max(Timings.ElectionTimeoutMin, (long)(Timings.ElectionTimeoutMin * (_timeoutBefore / configuration.ElectionTimeoutMin.TotalMicroseconds)));
        foreach (var ballot in state.Votes)
            Add(ballot, new(ballot.Term, _promisedUntil));
        Writes.Change();
    }

    public RaftConfiguration Configuration { get; }

    public RaftTimings Timings => Configuration.Timings;

    public Peer[] Peers { get; }

    public Pulse Pulse { get; }

    public Writes Writes { get; } = new();

    public Admission Admission { get; }

    /// <summary>Whether it may vote, acknowledge and stand; see <see cref="Raft.Admission"/>.</summary>
    public bool IsAdmitted { get; private set; }

    /// <summary>The cluster that it was let into; empty as long as it is not.</summary>
    public Guid ClusterId => IsAdmitted ? _clusterId : Guid.Empty;

    /// <summary>Of what it keeps; a member that lost it has another one.</summary>
    public Guid StateId { get; }

    /// <summary>Counts the starts of this member with this state.</summary>
    public long Incarnation { get; }

    /// <summary>The timestamp of the input that is being handled.</summary>
    public long Now { get; private set; }

    /// <summary>Whether this member has links to enough others to be elected.</summary>
    public bool SeesMajority => Peers.Count(p => p.IsUp) + 1 >= Configuration.List.Majority;

    public IEnumerable<ElectionState> Elections => _byIndex;

    /// <summary>Handles one input.</summary>
    /// <returns>What to do, in this order.</returns>
    public IReadOnlyList<Output> Step(long now, Input input)
    {
        _outputs = [];
        Now = Math.Max(Now, now);
        Pulse.CheckLease();
        Handle(input);
        RunTimers();
        Admission.Ask();
        Pulse.Flush();
        if (Writes.Next() is { } number)
            Emit(new Output.Save(number, Snapshot()));
        Arm();
        return _outputs;
    }

    /// <summary>Says why an election that this member leads cannot be handed over to another; <see langword="null"/> when it can.</summary>
    public string? WhyNotTransfer(string election, string target)
    {
        if (target == Configuration.Self)
            return $"{target} leads already";
        if (!_peers.TryGetValue(target, out var peer))
            return $"{target} is not a member; members are {Configuration.List}";
        if (Find(election) is not { Role: Leader { IsConfirmed: true } } led)
            return $"this member ({Configuration.Self}) does not lead '{election}'";
        if (!peer.CandidateIn.Contains(led))
            return $"{target} does not campaign for '{election}'";
        return Pulse.CanTakeOver(peer, led) ? null : $"{target} has not answered lately";
    }

    /// <summary>Whether there is room for that election among those that a member can remember.</summary>
    public bool CanTakePartIn(string election) => FindOrAdd(election) is not null;

    /// <summary>Whether it campaigns or leads there.</summary>
    public bool Stands(string election) => Find(election) is { Stands: true };

    /// <summary>Whether it leads that term, for the outside.</summary>
    public bool Leads(string election, long term) => Find(election) is { Role: Leader { IsConfirmed: true } } led && led.Term == term;

    internal ElectionState? Find(string election) => _elections.GetValueOrDefault(election);

    /// <returns><see langword="null"/> when the member takes part in as many elections as it can remember.</returns>
    internal ElectionState? FindOrAdd(string election)
    {
        if (Find(election) is { } found)
            return found;
        return _elections.Count < MemberState.MaxElections
            ? Add(new(election, 0, null), new(MemberState.MaxTerm, _strangerUntil))
            : null;
    }

    /// <summary>Why nobody may listen to a member that comes with that state; <see langword="null"/> if that is unknown, or the right one.</summary>
    /// <param name="id">The member.</param>
    /// <param name="stateId">Its state.</param>
    /// <param name="isAdmitted">Whether it says that it takes part with it.</param>
    internal string? WhyNotState(string id, Guid stateId, bool isAdmitted)
    {
        if (!_peers.TryGetValue(id, out var peer) || peer.StateId == Guid.Empty || stateId == peer.StateId)
            return null;
        if (stateId.CompareTo(peer.StateId) < 0)
            return $"{id} comes with a state that has been replaced by a later one: another process was started as {id} with an empty folder; stop one of them, and if it is that one, empty this one's folder";
        return isAdmitted ? $"{id} comes with a state that this member was never asked about: two processes run as {id}, or its folder is another cluster's" : null;
    }

    /// <summary>Says so once per link.</summary>
    internal void RefuseState(Peer peer, Guid stateId) =>
        Refuse(peer, WhyNotState(peer.Id, stateId, isAdmitted: true) ?? $"{peer.Id} comes with another state");

    internal void Refuse(Peer peer, string reason)
    {
        if (peer.IsRefused)
            return;
        peer.IsRefused = true;
        Emit(new Output.PeerRefused(peer.Id, reason));
    }

    /// <summary>All members with the states under which this one knows them.</summary>
    internal MemberState.Known[] KnownStates() =>
        [.. Configuration.List.Members.Select(m => new MemberState.Known(m.Id, _peers.TryGetValue(m.Id, out var peer) ? peer.StateId : StateId))];

    /// <summary>This member, which had no memory, takes part once it has noted what the others know.</summary>
    internal void Admit(Guid clusterId, IReadOnlyDictionary<string, long> terms)
    {
        _clusterId = clusterId;
        foreach (var (name, term) in terms)
            FindOrAdd(name)!.Recall(term);
        Writes.When(Writes.Change(), () =>
        {
            IsAdmitted = true;
            _strangerUntil = Now + Timings.ElectionTimeoutMin;
            foreach (var election in _byIndex)
                election.BeWary(_strangerUntil);
            foreach (var peer in Peers)
                Pulse.SendTo(peer);
        });
    }

    internal void Emit(Output output) => _outputs.Add(output);

    internal void Send(Peer peer, Message message) => Writes.When(0, () =>
    {
        if (peer.IsUp)
            Emit(new Output.Send(peer.Id, message));
    });

    internal void SetTimer(ElectionState election, long at)
    {
        if (election.DueAt != long.MaxValue)
            _timers.Remove((election.DueAt, election.Index));
        election.DueAt = at;
        if (at != long.MaxValue)
            _timers.Add((at, election.Index));
    }

    internal long Random(long span) => _random.NextInt64(Math.Max(1, span));

    /// <summary>Random, so that members that missed the same leader do not all stand at once.</summary>
    internal long RandomTimeout() => Timings.ElectionTimeoutMin + Random(Timings.ElectionTimeoutMax - Timings.ElectionTimeoutMin + 1);

    private ElectionState Add(MemberState.Ballot ballot, Promise promise)
    {
        var election = new ElectionState(this, ballot.Election, _byIndex.Count, ballot, promise);
        _elections.Add(ballot.Election, election);
        _byIndex.Add(election);
        return election;
    }

    private void Handle(Input input)
    {
        switch (input)
        {
            case Input.Tick:
                break;
            case Input.Received received when _peers.TryGetValue(received.From, out var peer):
                if (received.Message is Message.Configuration other)
                    OnConfiguration(peer, other);
                else if (received.Fingerprint != Configuration.Fingerprint)
                    TellConfiguration(peer);
                else
                    OnMessage(peer, received.Message);
                break;
            case Input.Saved saved:
                Writes.Saved(saved.Number);
                break;
            case Input.PeerUp up when _peers.TryGetValue(up.Peer, out var peer):
                OnUp(peer);
                break;
            case Input.PeerDown down when _peers.TryGetValue(down.Peer, out var peer):
                OnDown(peer, down.Dead);
                break;
            case Input.Stand stand:
                var election = FindOrAdd(stand.Election) ?? throw new InvalidOperationException(
                    $"'{stand.Election}' would be one election more than the {MemberState.MaxElections} that a member can take part in over its life.");
                election.Stand(stand.Candidate);
                break;
            case Input.Withdraw withdraw:
                Find(withdraw.Election)?.Withdraw();
                break;
            case Input.Resign resign:
                Find(resign.Election)?.Resign(resign.Target);
                break;
        }
    }

    private void OnMessage(Peer peer, Message message)
    {
        switch (message)
        {
            case Message.Recall recall:
                Admission.OnRecall(peer, recall);
                break;
            case Message.Memory memory:
                Admission.OnMemory(peer, memory);
                break;
            case Message.Heartbeat or Message.PreVote or Message.Vote when !IsAdmitted:
                // A sign of life, so that the link is kept; it means nothing else.
                Send(peer, new Message.Probe(0, IsAnswer: true));
                break;
            case not null when !IsAdmitted:
                break;
            case Message.Heartbeat heartbeat:
                Pulse.OnHeartbeat(peer, heartbeat);
                break;
            case Message.HeartbeatAck ack:
                Pulse.OnAck(peer, ack);
                break;
            case Message.PreVote request:
                FindOrAdd(request.Election)?.OnPreVote(peer, request);
                break;
            case Message.PreVoteReply reply:
                Find(reply.Election)?.Role.OnPreVoteReply(peer, reply);
                break;
            case Message.Vote request:
                FindOrAdd(request.Election)?.OnVote(peer, request);
                break;
            case Message.VoteReply reply:
                Find(reply.Election)?.Role.OnVoteReply(peer, reply);
                break;
            case Message.TimeoutNow now:
                Find(now.Election)?.OnTimeoutNow(now);
                break;
        }
    }

    private void OnUp(Peer peer)
    {
        peer.IsUp = true;
        peer.ToldConfiguration = false;
        peer.IsRefused = false;
        Pulse.SendTo(peer);
        foreach (var election in _byIndex)
            election.Role.OnPeerUp(peer);
    }

    private void OnDown(Peer peer, Life? dead)
    {
        peer.IsUp = false;
        peer.InFlight.Clear();
        Admission.OnDown(peer);
        // Old news when it has been heard of since, under a later incarnation.
        if (dead is { } life && life.StateId == peer.StateId && life.Incarnation >= peer.Incarnation)
        {
            Pulse.Forget(peer);
            return;
        }
        foreach (var election in peer.Led.Keys)
            election.LoseLink(peer);
    }

    private void OnConfiguration(Peer peer, Message.Configuration other)
    {
        TellConfiguration(peer);
        if (other.Fingerprint() != Configuration.Fingerprint)
            Emit(new Output.PeerRefused(peer.Id, Configuration.Compare(peer.Id, other)));
    }

    /// <summary>Tells a member that is configured differently how this one is, once per link; it does the same, and both can say what differs.</summary>
    private void TellConfiguration(Peer peer)
    {
        if (peer.ToldConfiguration)
            return;
        peer.ToldConfiguration = true;
        Send(peer, Configuration.Description);
    }

    private void RunTimers()
    {
        while (_timers.Count > 0 && _timers.Min is var (at, index) && at <= Now)
        {
            var election = _byIndex[index];
            SetTimer(election, long.MaxValue);
            election.Role.OnDue();
        }
        foreach (var peer in Peers)
        {
            if (peer.SilentAt > Now)
                continue;
            peer.SilentAt = long.MaxValue;
            foreach (var election in peer.Led.Keys)
                election.LoseLeader(peer);
        }
    }

    private MemberState Snapshot() => new(
        Configuration.Cluster, Configuration.Self, Incarnation,
        [.. _byIndex.Where(e => e.Term > 0).Select(e => new MemberState.Ballot(e.Name, e.Term, e.VotedFor))])
    {
        StateId = StateId,
        ClusterId = _clusterId,
        Members = KnownStates(),
        TimeoutMicroseconds = Math.Max(Configuration.Description.TimeoutMicroseconds, Now < _promisedUntil ? _timeoutBefore : 0),
    };

    private void Arm()
    {
        var next = Math.Min(Math.Min(Pulse.DueAt, Admission.DueAt), _timers.Count > 0 ? _timers.Min.At : long.MaxValue);
        foreach (var peer in Peers)
        {
            if (peer.Led.Count > 0)
                next = Math.Min(next, peer.SilentAt);
        }
        if (next == _armed)
            return;
        _armed = next;
        Emit(new Output.Arm(next));
    }
}
