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
    private readonly long _strangerUntil;
    private List<Output> _outputs = [];
    private long _armed = long.MaxValue;

    /// <param name="configuration">The cluster, and which member this is.</param>
    /// <param name="state">What was saved last; <see cref="MemberState.Fresh"/> the first time.</param>
    /// <param name="now">The timestamp of the start.</param>
    /// <param name="random">For the timeouts.</param>
    public RaftMember(RaftConfiguration configuration, MemberState state, long now, Random random)
    {
        Configuration = configuration;
        Now = now;
        _random = random;
        Incarnation = state.Incarnation + 1;
        Pulse = new(this);
        for (var i = 0; i < configuration.List.Members.Length; i++)
        {
            if (i != configuration.SelfIndex)
                _peers.Add(configuration.List.Members[i].Id, new Peer(configuration.List.Members[i], i));
        }
        Peers = [.. _peers.Values];
        // Before it stopped it may have promised a leader not to vote for anybody else. It does not know whom, but not
        // beyond the terms that it had saved.
        var promisedUntil = now + Timings.ElectionTimeoutMin;
        foreach (var ballot in state.Votes)
            Add(ballot, ballot.Term, promisedUntil);
        // A member without any memory may have lost its disk: it is wary in every election.
        _strangerUntil = state.Incarnation == 0 ? promisedUntil : now;
        Writes.Change();
    }

    public RaftConfiguration Configuration { get; }

    public RaftTimings Timings => Configuration.Timings;

    public Peer[] Peers { get; }

    public Pulse Pulse { get; }

    public Writes Writes { get; } = new();

    /// <summary>Counts the starts of this member.</summary>
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
            ? Add(new(election, 0, null), MemberState.MaxTerm, _strangerUntil)
            : null;
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

    private ElectionState Add(MemberState.Ballot ballot, long promiseTerm, long promisedUntil)
    {
        var election = new ElectionState(this, ballot.Election, _byIndex.Count, ballot, promiseTerm, promisedUntil);
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
                OnDown(peer, down.DeadIncarnation);
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
        peer.IsForgetful = false;
        Pulse.SendTo(peer);
        foreach (var election in _byIndex)
            election.Role.OnPeerUp(peer);
    }

    private void OnDown(Peer peer, long deadIncarnation)
    {
        peer.IsUp = false;
        peer.InFlight.Clear();
        // Old news when it has been heard of since, under a later incarnation.
        if (deadIncarnation > 0 && deadIncarnation >= peer.Incarnation)
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
        [.. _byIndex.Where(e => e.Term > 0).Select(e => new MemberState.Ballot(e.Name, e.Term, e.VotedFor))]);

    private void Arm()
    {
        var next = Math.Min(Pulse.DueAt, _timers.Count > 0 ? _timers.Min.At : long.MaxValue);
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
