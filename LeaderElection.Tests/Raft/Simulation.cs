using LeaderElection.Raft;

namespace LeaderElection.Tests.Raft;

/// <summary>A run of a simulated cluster, from start through all its faults until somebody leads again. Times are in µs.</summary>
internal sealed class Simulation
{
    /// <summary>Clock rates differ by at most this fraction.</summary>
    private const double Drift = 0.01;

    private static readonly TimeSpan TimeoutMin = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan TimeoutMax = TimeSpan.FromMilliseconds(300);

    /// <summary>I4: how long after all faults somebody must lead everywhere, at the latest.</summary>
    private static readonly long SettleWithin = 8 * (long)TimeoutMax.TotalMicroseconds;

    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private readonly Dictionary<(int, int), long> _linkEvents = [];
    private readonly Random _random;
    private long _order;
    private int _lastState;

    public Simulation(Scenario scenario, Action<string>? trace = null)
    {
        Scenario = scenario;
        Trace = trace;
        _random = new Random(scenario.Seed ^ 0x5EED);
        Checker = new(this);
        Network = new(this, new Random(_random.Next()));
        ElectionNames = [.. Enumerable.Range(0, scenario.Elections).Select(i => $"e{i}")];
        // The default, and more.
        var timings = RaftTimings.Create(TimeoutMin, scenario.Seed % 2 == 0 ? TimeoutMin * 4 / 3 : TimeoutMax, TimeSpan.FromMilliseconds(50), Drift, TimeoutMin / 20, 1_000_000);
        timings = timings with { PreferenceDelay = 400_000 };
        if (scenario.Defect == Defect.LongLease)
            timings = timings with { Lease = timings.ElectionTimeoutMin * 2 };
        var list = new MemberList(Enumerable.Range(0, scenario.Members).Select(i => new MemberList.Entry($"m{i}", scenario.HasPriorities ? i % 2 : 0)));
        Members = [.. list.Members.Select(m => new SimulatedMember(this, new("sim", list, m.Id, timings, TimeoutMin), Rate(), new Random(_random.Next())))];
        Fingerprint = new RaftConfiguration("sim", list, "m0", timings, TimeoutMin).Fingerprint;
    }

    public Scenario Scenario { get; }

    public Action<string>? Trace { get; }

    public Checker Checker { get; }

    public SimulatedNetwork Network { get; }

    public SimulatedMember[] Members { get; }

    public string[] ElectionNames { get; }

    public ulong Fingerprint { get; }

    public long Now { get; private set; }

    /// <summary>An id for a state that is later than all before.</summary>
    public Guid NextStateId() => new(++_lastState, 0, 0, new byte[8]);

    /// <summary>Runs to the end.</summary>
    /// <returns>What went wrong first, if anything did.</returns>
    public Violation? Run()
    {
        foreach (var member in Members)
        {
            // Some only vote.
            foreach (var election in ElectionNames)
            {
                if (_random.Next(5) > 0 || member.Index == 0)
                    member.Wishes.Add(election);
            }
            At(_random.NextInt64(10_000), null, member.Start);
        }
        foreach (var fault in Scenario.Faults)
            At(fault.At, null, () => Happen(fault));
        At(Scenario.HealAt, null, HealAll);
        while (Checker.Found is null && _events.TryDequeue(out var happen, out var key))
        {
            Now = key.At;
            happen();
            if (Now <= Scenario.HealAt)
                continue;
            if (Checker.IsSettled())
                return Checker.Found;
            if (Now > Scenario.HealAt + SettleWithin)
                Checker.Report("I4", $"nobody leads everywhere {SettleWithin / 1000} ms after all faults ended, or not all know it");
        }
        if (Checker.Found is null)
            Checker.Report("I4", "nothing is left to happen");
        return Checker.Found;
    }

    /// <summary>Has something happen at a moment; to a member's process only if that still runs then.</summary>
    public void At(long at, SimulatedMember? member, Action happen)
    {
        var process = member?.Process;
        _events.Enqueue(
            () =>
            {
                if (member?.Process == process)
                    happen();
            },
            (Math.Max(at, Now), _order++));
    }

    /// <summary>Links a member that has started with all that run.</summary>
    public void Connect(SimulatedMember member)
    {
        foreach (var other in Members)
        {
            if (other == member || other.Core is null)
                continue;
            OnLink(member, other, new Input.PeerUp(other.Id), 2_000);
            // Whoever did not notice the crash notices the new link.
            OnLink(other, member, new Input.PeerDown(member.Id, null), 2_000);
            OnLink(other, member, new Input.PeerUp(member.Id), 2_000);
        }
    }

    /// <summary>A member's process has died: some learn that at once and know what it means, some only that the link is gone, some nothing.</summary>
    public void Disconnect(SimulatedMember member, Life life)
    {
        foreach (var other in Members)
        {
            if (other == member || other.Core is null || _random.Next(3) == 0)
                continue;
            OnLink(other, member, new Input.PeerDown(member.Id, _random.Next(3) > 0 ? life : null), 3_000);
        }
    }

    private void Happen(Fault fault)
    {
        Trace?.Invoke($"{Now / 1000.0,10:0.000} == {fault}");
        var a = Members[fault.A];
        var b = Members[fault.B];
        var election = ElectionNames[fault.A % ElectionNames.Length];
        switch (fault.Kind)
        {
            case FaultKind.Crash:
                a.Crash();
                break;
            case FaultKind.Restart:
                // Whatever is dead starts; if nothing is, this one restarts at once.
                if (Members.FirstOrDefault(m => m.Core is null) is { } dead)
                {
                    dead.Start();
                    break;
                }
                a.Crash();
                At(Now + (fault.Length / 50), null, a.Start);
                break;
            case FaultKind.LoseDisk:
                // More than a minority cannot be made good, and is refused.
                if (Members.Count(m => m != a && !m.HasMemory) + 1 > Scenario.Members - (Scenario.Members / 2) - 1)
                    break;
                a.Crash();
                a.LoseDisk();
                At(Now + (fault.Length / 50), null, a.Start);
                break;
            case FaultKind.FailDisk:
                a.FailDisk(Math.Min(Now + fault.Length, Scenario.HealAt));
                break;
            case FaultKind.Freeze:
                // Up to 2.5 s, many times a lease; one of eight to the end.
                a.Freeze(fault.Length % 8 == 0 ? Scenario.HealAt : Math.Min(Now + (fault.Length * (fault.B % 2 == 0 ? 1 : 5)), Scenario.HealAt));
                break;
            case FaultKind.Cut:
                Network.Cut(fault.A, fault.B);
                Network.Cut(fault.B, fault.A);
                break;
            case FaultKind.CutOneWay:
                Network.Cut(fault.A, fault.B);
                break;
            case FaultKind.Isolate:
                foreach (var other in Members.Where(m => m != a && (m != b || Scenario.Members > 4)))
                {
                    Network.Cut(fault.A, other.Index);
                    Network.Cut(other.Index, fault.A);
                }
                break;
            case FaultKind.Heal:
                Network.Heal();
                break;
            case FaultKind.Reset:
                Reset(a, b, fault.Length / 10);
                break;
            case FaultKind.Resign or FaultKind.Transfer:
                var target = fault.Kind == FaultKind.Transfer ? b.Id : null;
                if (Members.FirstOrDefault(m => m.Led.ContainsKey(election)) is { } leader)
                    leader.Step(new Input.Resign(election, target));
                break;
            case FaultKind.Withdraw:
                if (a.Index > 0)
                    a.Withdraw(election);
                break;
            case FaultKind.Stand:
                if (a.Wishes.Add(election))
                    a.CampaignIn(election, 1);
                break;
        }
    }

    private void Reset(SimulatedMember a, SimulatedMember b, long length)
    {
        if (a.Core is null || b.Core is null)
            return;
        var dead = Scenario.Defect == Defect.TakesResetForDeath;
        OnLink(a, b, new Input.PeerDown(b.Id, dead ? new Life(b.Core.StateId, b.Core.Incarnation) : null), 1_000);
        OnLink(b, a, new Input.PeerDown(a.Id, dead ? new Life(a.Core.StateId, a.Core.Incarnation) : null), 1_000);
        OnLink(a, b, new Input.PeerUp(b.Id), length);
        OnLink(b, a, new Input.PeerUp(a.Id), length);
    }

    /// <summary>Tells a member of its link to another; what is told of one link keeps its order.</summary>
    private void OnLink(SimulatedMember member, SimulatedMember other, Input input, long atMost)
    {
        var at = Now + _random.NextInt64(1, Math.Max(2, atMost));
        var key = (member.Index, other.Index);
        at = Math.Max(at, _linkEvents.GetValueOrDefault(key) + 1);
        _linkEvents[key] = at;
        At(at, member, () => member.Step(input));
    }

    private void HealAll()
    {
        Trace?.Invoke($"{Now / 1000.0,10:0.000} == all is well from here");
        Network.HealForGood();
        foreach (var member in Members)
            member.Start();
        // A link that fell silent is noticed, and made anew.
        foreach (var a in Members)
        {
            foreach (var b in Members.Where(b => b.Index > a.Index))
                Reset(a, b, 10_000);
        }
    }

    private double Rate()
    {
        var range = Scenario.Defect == Defect.WildClocks ? 0.3 : Drift / 2;
        return 1 + (range * ((_random.NextDouble() * 2) - 1));
    }
}
