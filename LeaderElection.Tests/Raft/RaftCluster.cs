using LeaderElection.Raft;

namespace LeaderElection.Tests.Raft;

/// <summary>Some members on a network without surprises: 0.1 ms to carry a message, 0.5 ms to write, clocks in step. Times are in ms, the members' in µs.</summary>
internal sealed class RaftCluster
{
    public static readonly TimeSpan TimeoutMin = TimeSpan.FromMilliseconds(150);

    public static readonly RaftTimings Timings = RaftTimings.Create(
        TimeoutMin, TimeoutMin * 2, TimeSpan.FromMilliseconds(50), 0.01, TimeSpan.FromMilliseconds(7.5), 1_000_000);

    public static readonly Guid ClusterId = new("c0000000-0000-0000-0000-000000000001");

    private static int _lastState;

    private readonly PriorityQueue<Action, (long, int)> _events = new();
    private readonly MemberList _list;
    private readonly MemberState?[] _disks;
    private readonly int[] _processes;
    private readonly long[] _armed;
    private readonly HashSet<(int, int)> _cut = [];
    private long _now;
    private int _order;

    public RaftCluster(int count, params int[] priorities)
    {
        _list = List(count, priorities);
        _disks = new MemberState?[count];
        _processes = new int[count];
        _armed = new long[count];
        Members = new RaftMember?[count];
        for (var i = 0; i < count; i++)
            Start(i);
        // They found the cluster, and are past the wariness of members without memory.
        Advance(200);
        Log.Clear();
    }

    public RaftMember?[] Members { get; }

    public double Now => _now / 1000.0;

    /// <summary>What the members put out.</summary>
    public List<(double At, int Member, Output Output)> Log { get; } = [];

    /// <summary>How often anybody was elected.</summary>
    public int Elected { get; private set; }

    public static MemberList List(int count, params int[] priorities) =>
        new(Enumerable.Range(0, count).Select(i => new MemberList.Entry($"m{i}", i < priorities.Length ? priorities[i] : 0)));

    public static RaftConfiguration Configuration(int member, MemberList list, string cluster = "test") => new(cluster, list, $"m{member}", Timings, TimeoutMin);

    /// <summary>An id for a state that is later than all before.</summary>
    public static Guid NextStateId() => new(Interlocked.Increment(ref _lastState), 0, 0, new byte[8]);

    public IEnumerable<T> Outputs<T>(int? member = null)
        where T : Output => Log.Where(l => member is null || l.Member == member).Select(l => l.Output).OfType<T>();

    /// <summary>The members that lead, by their own account.</summary>
    public int[] Leaders(string election = "e") =>
        [.. Enumerable.Range(0, Members.Length).Where(i => Members[i]?.Find(election)?.Role is Leader { IsConfirmed: true })];

    public long Term(int member, string election = "e") => Members[member]!.Find(election)!.Term;

    public void Stand(int member, string election = "e") => Step(member, new Input.Stand(election, $"m{member}"));

    /// <summary>Has all members stand, this one first, and waits until it leads.</summary>
    public void Elect(int leader, string election = "e")
    {
        Stand(leader, election);
        RunUntil(() => Leaders(election) is [var l] && l == leader);
        for (var i = 0; i < Members.Length; i++)
        {
            if (i != leader && Members[i] is not null)
                Stand(i, election);
        }
        Advance(60);
    }

    public void Cut(int member)
    {
        for (var i = 0; i < Members.Length; i++)
        {
            _cut.Add((member, i));
            _cut.Add((i, member));
        }
    }

    public void Heal() => _cut.Clear();

    /// <param name="member">Who dies.</param>
    /// <param name="isNoticed">Whether the others see that the process is dead.</param>
    public void Kill(int member, bool isNoticed = false)
    {
        var life = new Life(Members[member]!.StateId, Members[member]!.Incarnation);
        Members[member] = null;
        _processes[member]++;
        for (var i = 0; i < Members.Length && isNoticed; i++)
            Step(i, new Input.PeerDown($"m{member}", life));
    }

    /// <summary>Takes away what a dead member kept.</summary>
    public void LoseDisk(int member) => _disks[member] = null;

    public void Start(int member)
    {
        var configuration = Configuration(member, _list);
        Members[member] = new RaftMember(configuration, _disks[member] ?? MemberState.Fresh(configuration, NextStateId()), _now, new Random(member + 1));
        _armed[member] = long.MaxValue;
        Step(member, new Input.Tick());
        for (var i = 0; i < Members.Length; i++)
        {
            if (i == member || Members[i] is null)
                continue;
            Step(i, new Input.PeerUp($"m{member}"));
            Step(member, new Input.PeerUp($"m{i}"));
        }
    }

    public void Step(int member, Input input)
    {
        if (Members[member] is not { } core)
            return;
        foreach (var output in core.Step(_now, input))
        {
            Log.Add((Now, member, output));
            switch (output)
            {
                case Output.Elected:
                    Elected++;
                    break;
                case Output.Send send:
                    var to = int.Parse(send.To[1..]);
                    After(100, () =>
                    {
                        if (!_cut.Contains((member, to)))
                            Step(to, new Input.Received($"m{member}", core.Configuration.Fingerprint, send.Message));
                    });
                    break;
                case Output.Save save:
                    var process = _processes[member];
                    After(500, () =>
                    {
                        if (process != _processes[member])
                            return;
                        _disks[member] = save.State;
                        Step(member, new Input.Saved(save.Number));
                    });
                    break;
                case Output.Arm arm when arm.At != long.MaxValue:
                    _armed[member] = arm.At;
                    After(arm.At - _now, () =>
                    {
                        if (_armed[member] == arm.At)
                            Step(member, new Input.Tick());
                    });
                    break;
            }
        }
    }

    public void Advance(double milliseconds) => RunTo(_now + (long)(milliseconds * 1000), () => false);

    /// <returns>How long it took, in ms.</returns>
    public double RunUntil(Func<bool> condition, double atMost = 2000)
    {
        var start = _now;
        Assert.True(RunTo(_now + (long)(atMost * 1000), condition), $"it did not come about within {atMost} ms");
        return (_now - start) / 1000.0;
    }

    private bool RunTo(long end, Func<bool> condition)
    {
        while (!condition())
        {
            if (!_events.TryPeek(out _, out var key) || key.Item1 > end)
            {
                _now = end;
                return condition();
            }
            _now = key.Item1;
            _events.Dequeue()();
        }
        return true;
    }

    private void After(long span, Action happen) => _events.Enqueue(happen, (_now + Math.Max(0, span), _order++));
}
