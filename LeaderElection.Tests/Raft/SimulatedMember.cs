using LeaderElection.Raft;

namespace LeaderElection.Tests.Raft;

/// <summary>A member's process with its clock, its disk, and the application that campaigns in it.</summary>
internal sealed class SimulatedMember
{
    private readonly Simulation _world;
    private readonly Random _random;
    private readonly RaftConfiguration _configuration;
    private readonly double _rate;
    private readonly long _offset;
    private readonly HashSet<string> _campaigns = [];
    private readonly Queue<Input> _backlog = [];
    private MemberState _disk;
    private MemberState? _beingWritten;
    private long _leaseUntil;
    private long _frozenUntil;
    private long _diskFailsUntil;
    private long _timer;

    public SimulatedMember(Simulation world, RaftConfiguration configuration, double rate, Random random)
    {
        _world = world;
        _random = random;
        _configuration = configuration;
        _rate = rate;
        _offset = random.NextInt64(1_000_000_000);
        _disk = MemberState.Fresh(configuration, world.NextStateId());
    }

    public string Id => _configuration.Self;

    public int Index => _configuration.SelfIndex;

    /// <summary>The process; <see langword="null"/> while it is dead.</summary>
    public RaftMember? Core { get; private set; }

    /// <summary>Counts the processes: what was meant for an earlier one does not reach a later one.</summary>
    public int Process { get; private set; }

    /// <summary>What the application was told that it leads, and under which token.</summary>
    public Dictionary<string, long> Led { get; } = [];

    public Dictionary<string, (string? Member, long Term)> KnownLeaders { get; } = [];

    /// <summary>Where the application wants to lead.</summary>
    public HashSet<string> Wishes { get; } = [];

    private long Clock => _offset + (long)(_world.Now * _rate);

    /// <summary>Whether the application believes at this instant that it leads: by the clock, as the lease clock does.</summary>
    public bool Believes(string election) => Led.ContainsKey(election) && Clock < _leaseUntil;

    public bool Stands(string election) => Core is not null && Wishes.Contains(election);

    public void Start()
    {
        if (Core is not null)
            return;
        Process++;
        _timer = 0;
        var startedAt = _world.Scenario.Defect == Defect.VotesAfterRestart ? Clock - _configuration.Timings.ElectionTimeoutMin : Clock;
        Core = new RaftMember(_configuration, _disk, startedAt, new Random(_random.Next()));
        Step(new Input.Tick());
        foreach (var election in Wishes)
            CampaignIn(election, 20_000);
        _world.Connect(this);
    }

    public void Crash()
    {
        if (Core is not { } core)
            return;
        Core = null;
        Process++;
        // The last write may have reached the disk although nobody heard of it.
        if (_beingWritten is { } state && _random.Next(2) == 0)
            _disk = state;
        _beingWritten = null;
        _frozenUntil = 0;
        _backlog.Clear();
        Led.Clear();
        KnownLeaders.Clear();
        _campaigns.Clear();
        _world.Disconnect(this, new(core.StateId, core.Incarnation));
    }

    /// <summary>Whether its disk holds a memory of votes.</summary>
    public bool HasMemory => _disk.ClusterId != Guid.Empty;

    /// <summary>Whoever starts from the disk now has no memory.</summary>
    public void LoseDisk() => _disk = MemberState.Fresh(_configuration, _world.NextStateId()) with
    {
        ClusterId = _world.Scenario.Defect == Defect.TakesAnEmptyDiskForMemory ? _disk.ClusterId : Guid.Empty,
    };

    /// <summary>Writes fail until then; they are tried again.</summary>
    public void FailDisk(long until) => _diskFailsUntil = Math.Max(_diskFailsUntil, until);

    public void Freeze(long until) => _frozenUntil = Math.Max(_frozenUntil, until);

    public void Step(Input input)
    {
        if (Core is null || _world.Checker.Found is not null)
            return;
        if (_world.Now < _frozenUntil || _backlog.Count > 0)
        {
            _backlog.Enqueue(input);
            if (_backlog.Count == 1)
                _world.At(_frozenUntil, this, Thaw);
            return;
        }
        Handle(input);
    }

    /// <summary>Campaigns some time later, unless it leads or campaigns then.</summary>
    public void CampaignIn(string election, long atMost)
    {
        _world.At(_world.Now + _random.NextInt64(atMost), this, () =>
        {
            if (Stands(election) && !Led.ContainsKey(election) && _campaigns.Add(election))
                Step(new Input.Stand(election, Id));
        });
    }

    public void Withdraw(string election)
    {
        if (!Wishes.Remove(election) || !_campaigns.Remove(election))
            return;
        Step(Led.ContainsKey(election) ? new Input.Resign(election) : new Input.Withdraw(election));
    }

    /// <summary>What arrived while the process was frozen is handled in its order.</summary>
    private void Thaw()
    {
        if (_world.Now < _frozenUntil)
        {
            _world.At(_frozenUntil, this, Thaw);
            return;
        }
        while (_backlog.TryDequeue(out var input))
            Handle(input);
    }

    private void Handle(Input input)
    {
        if (Core is null || _world.Checker.Found is not null)
            return;
        _world.Trace?.Invoke($"{_world.Now / 1000.0,10:0.000} {Id} < {Describe(input)}");
        foreach (var output in Core.Step(Clock, input))
        {
            if (output is not Output.Arm)
                _world.Trace?.Invoke($"{_world.Now / 1000.0,10:0.000} {Id}   > {Describe(output)}");
            Do(output);
        }
        _world.Checker.AfterStep(this);
    }

    private void Do(Output output)
    {
        switch (output)
        {
            case Output.Send send:
                _world.Network.Send(this, send.To, send.Message);
                break;
            case Output.Save save:
                Save(save);
                break;
            case Output.Arm arm:
                Arm(arm.At);
                break;
            case Output.LeaseConfirmed confirmed:
                Confirm(confirmed.Sent);
                break;
            case Output.Elected elected:
                Confirm(elected.Sent);
                Led.Add(elected.Election, elected.Term);
                _world.Checker.OnElected(this, elected.Election, elected.Term);
                break;
            case Output.Lost lost:
                if (!Led.Remove(lost.Election, out var term) || term != lost.Term)
                    _world.Checker.Report("told once", $"{Id} lost {lost.Election} under {lost.Term}, which it did not lead");
                _campaigns.Remove(lost.Election);
                CampaignIn(lost.Election, 30_000);
                break;
            case Output.LeaderChanged changed:
                KnownLeaders[changed.Election] = (changed.Member, changed.Term);
                break;
            case Output.Preferred preferred:
                _world.At(_world.Now + _random.NextInt64(1000), this, () => Step(new Input.Resign(preferred.Election, preferred.Member)));
                break;
        }
    }

    private void Confirm(long sent)
    {
        if (Led.Count > 0 && Clock >= _leaseUntil)
            _world.Checker.Report("a lease that ran out stays so", $"{Id} revives its lease");
        _leaseUntil = Math.Max(_leaseUntil, sent + _configuration.Timings.Lease);
        foreach (var election in Led.Keys)
            _world.Checker.OnLease(this, election);
    }

    private void Save(Output.Save save)
    {
        // Now and then through the bytes: always would take most of the time.
        var state = save.Number % 16 == 1 ? StateCodec.Read(StateCodec.Write(save.State)) : save.State;
        if (_world.Scenario.Defect == Defect.ForgetsVotes)
            state = state with { Votes = [] };
        if (_beingWritten is not null && _world.Scenario.Defect != Defect.AnswersBeforeTheDisk)
            _world.Checker.Report("one write at a time", $"{Id} starts write {save.Number}");
        _beingWritten = state;
        var delay = _random.NextInt64(100, _world.Now < _world.Scenario.HealAt ? _world.Scenario.WriteTime : 2_000);
        if (_world.Scenario.Defect == Defect.AnswersBeforeTheDisk)
            _world.At(_world.Now, this, () => Step(new Input.Saved(save.Number)));
        WriteAt(_world.Now + delay, state, save.Number);
    }

    private void WriteAt(long at, MemberState state, long number)
    {
        _world.At(at, this, () =>
        {
            if (_world.Now < _diskFailsUntil && _world.Scenario.Defect != Defect.IgnoresWriteErrors)
            {
                WriteAt(_diskFailsUntil + 100, state, number);
                return;
            }
            if (_world.Now >= _diskFailsUntil)
                _disk = state;
            if (_beingWritten == state)
                _beingWritten = null;
            Step(new Input.Saved(number));
        });
    }

    private void Arm(long at)
    {
        var timer = ++_timer;
        if (at == long.MaxValue)
            return;
        var due = (long)Math.Ceiling((at - _offset) / _rate) + 1;
        _world.At(Math.Max(_world.Now, due), this, () =>
        {
            if (timer == _timer)
                Step(new Input.Tick());
        });
    }

    private static string Describe(object what) => what switch
    {
        Input.Received { Message: Message.Heartbeat h } r => $"from {r.From}: {Describe(h)}",
        Input.Received { Message: Message.HeartbeatAck a } r => $"from {r.From}: {Describe(a)}",
        Input.Received r => $"from {r.From}: {r.Message}",
        Output.Send s => $"to {s.To}: {Describe(s.Message)}",
        Output.Save s => $"save {s.Number}: {string.Join(", ", s.State.Votes)}",
        Message.Heartbeat h => $"heartbeat {h.Incarnation}.{h.Sequence} {h.Base}..{h.Version} [{string.Join(", ", h.Notices)}]",
        Message.HeartbeatAck a => $"ack {a.Incarnation}.{a.Sequence} has {a.Applied} [{string.Join(", ", a.Refused)}]",
        _ => what.ToString()!,
    };
}
