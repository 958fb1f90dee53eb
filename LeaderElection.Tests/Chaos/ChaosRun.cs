using System.Collections.Concurrent;
using LeaderElection.Tests.Faults;
using LeaderElection.Tests.History;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Chaos;

/// <summary>One strategy under faults: real candidates, a real store, and the history that they leave.</summary>
internal sealed class ChaosRun : IAsyncDisposable
{
    /// <summary>All candidates stand in two elections, over one connection: what befalls them may differ.</summary>
    private const string SecondElection = "fault2";

    private readonly ConcurrentDictionary<ChaosFault, int> _faults = new();

    // A resignation counts for I3 in calm only: the store is left alone meanwhile.
    private readonly SemaphoreSlim _storeTurn = new(1);

    // While work drains nobody deletes its entry: then nothing would be promised.
    private readonly SemaphoreSlim _entryTurn = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, NetworkNamespace> _networks = [];
    private readonly TemporaryFolder _folder = new();
    private readonly string _name;
    private ChaosStore? _store;
    private Cluster? _cluster;
    private Task _lanes = Task.CompletedTask;

    private ChaosRun(ChaosOptions options, string name) => (Options, _name) = (options, name);

    public ChaosOptions Options { get; }

    public TimeSpan Lease => Options.Lease;

    public Cluster Cluster => _cluster!;

    /// <summary>Lanes that failed end the run.</summary>
    public bool HasEnded => _lanes.IsFaulted;

    public string Progress
    {
        get
        {
            var leaderships = Cluster.Elections.Sum(election => Cluster.HistoryOf(election).Count(e => e.What == EventKind.Elected));
            var leaders = Cluster.Elections.Select(e => IsLed(e) && Cluster.LastWriterOf(e) is { } last ? $"{last.Candidate} leads under {last.Token}" : "nobody leads");
            return $"{_name,-9} {leaderships,4} leaderships, {_faults.Values.Sum(),4} faults, {string.Join("; ", leaders)}";
        }
    }

    /// <summary>The longest that a candidate may have: those of all but raft's members may differ.</summary>
    public TimeSpan LongestLease => _name == "raft" ? Lease : Lease * 5 / 3;

    /// <summary>How long the work may take to stop after a resignation.</summary>
    private TimeSpan DrainTimeout => Lease * 2;

    private HistoryBounds Bounds => new(LongestLease + _store!.FailOver + Options.Slack, Lease * 2 / 3, LongestLease, Options.Slack);

    /// <summary>Starts the store and the candidates.</summary>
    public static async Task<ChaosRun> StartAsync(ChaosOptions options, string strategy)
    {
        var run = new ChaosRun(options, strategy);
        try
        {
            // Those of file need none: their store is a folder.
            for (var i = 0; i < options.Candidates && options.HasNetworks && strategy != "file"; i++)
                run._networks.Add(Cluster.NameOf(strategy, i), await NetworkNamespace.CreateAsync());
            run._store = await ChaosStore.StartAsync(strategy, run);
            run._store.TargetOf = run.TargetOf;
            run._cluster = new Cluster(
                run._store.Strategy, run._store.Endpoint, options.Lease, options.Defect != CandidateDefect.NoFencing,
                candidate => run.NetworkOf(candidate)?.Command ?? [],
                $"work={(options.Defect == CandidateDefect.DeadlineFromReply ? 10 : 50)}", $"defect={options.Defect}", CandidateArguments.WanderingClock, "commands", $"drain-timeout={run.DrainTimeout.TotalMilliseconds}");
            run._cluster.Add(SecondElection);
            await Task.WhenAll(Enumerable.Range(0, options.Candidates).Select(_ => run._cluster.StartAsync()));
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Begins to inject faults.</summary>
    public void Begin()
    {
        ChaosAction[] candidates =
        [
            new(ChaosFault.KilledAndRestarted, 3, (shot, stop) => KillAsync(shot, TimeSpan.Zero, stop)),
            new(ChaosFault.Killed, 2, (shot, stop) => KillAsync(shot, shot.Length(Lease * 0.3, Lease * 2), stop)),
            new(ChaosFault.FrozenBriefly, 2, (shot, stop) => FreezeAsync(TargetOf(shot), shot.Length(Lease * 0.2, Lease * 0.8), stop)),
            new(ChaosFault.FrozenLong, 3, (shot, stop) => FreezeAsync(TargetOf(shot), shot.Length(Lease * 1.2, Lease * 2.2), stop)),
            new(ChaosFault.Resigned, 2, ResignAsync),
            new(ChaosFault.WorkSlowToStop, 2, (shot, stop) => DrainAsync(shot, shot.Length(Lease * 1.1, Lease * 1.8), stop)),
            new(ChaosFault.WorkIgnoresLost, 1, (shot, stop) => DrainAsync(shot, shot.Length(Lease * 2.5, Lease * 4), stop)),
            new(ChaosFault.HandlersThrow, 2, HandlersThrowAsync),
            new(ChaosFault.ThreadPoolBlocked, 2, BlockThreadPoolAsync),
            .. _name == "raft" ? Array.Empty<ChaosAction>() : [new ChaosAction(ChaosFault.OtherLease, 2, OtherLeaseAsync)],
            .. _networks.Count == 0 ? Array.Empty<ChaosAction>() : [new ChaosAction(ChaosFault.DeadAddress, 2, DeadAddressAsync)], .. _store!.LineActions,
        ];
        _lanes = Task.WhenAll(InjectAsync(candidates, 0, null), InjectAsync([.. _store.Actions], 1, _storeTurn));
    }

    /// <summary>Ends the faults, waits until somebody leads again, or should, and judges.</summary>
    public async Task<ChaosReport> EndAsync()
    {
        await _stop.CancelAsync();
        string? failure = null;
        try
        {
            await _lanes;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            failure = $"the run itself failed: {e.Message}";
        }
        var healed = HistoryEvent.Now;
        Cluster.Record(new HistoryEvent(healed, "test", EventKind.Disturbed, 0, Note: "all healed"));
        while (!Cluster.Elections.All(election => Cluster.LastWriterOf(election)?.At > healed) && HistoryEvent.Now - healed < Bounds.Gap!.Value.Ticks * 110)
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        Cluster.Record(new HistoryEvent(HistoryEvent.Now, "test", EventKind.Ended, 0));
        // What the processes have printed until now takes a moment to arrive.
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        return Judge(failure);
    }

    /// <summary>Whether the history so far looks broken; what has not arrived yet may still explain it.</summary>
    public bool LooksBroken() =>
        Cluster.Elections.Any(election => HistoryChecker.Check(Cluster.HistoryOf(election), Bounds with { Gap = null, HandOver = null, Lost = null }).Count > 0)
        || Cluster.Crashes.Count > 0;

    /// <summary>Notes that the machine had no time for the test.</summary>
    public void Stalled(long from, long to) => Cluster.Record(new HistoryEvent(from, "machine", EventKind.Stalled, 0, Until: to));

    /// <summary>Notes a fault's begin, and its end when disposed of.</summary>
    /// <param name="note">What it is.</param>
    /// <param name="takesStore">Whether nobody can be elected meanwhile.</param>
    public IDisposable Fault(string note, bool takesStore)
    {
        Cluster.Record(new HistoryEvent(HistoryEvent.Now, "test", takesStore ? EventKind.StoreDown : EventKind.Disturbed, 0, Note: note));
        return new Healing(() => Cluster.Record(
            new HistoryEvent(HistoryEvent.Now, "test", takesStore ? EventKind.StoreUp : EventKind.Disturbed, 0, Note: $"{note}: over")));
    }

    /// <summary>The network that a candidate has to itself; <see langword="null"/> where it is on loopback like all.</summary>
    public NetworkNamespace? NetworkOf(string candidate) => _networks.GetValueOrDefault(candidate);

    /// <summary>Deletes the leader's entry; sometimes once more while candidates wait because of that, or when the next one leads.</summary>
    public async Task DeleteEntryAsync(ChaosShot shot, CancellationToken stop, Func<string, Task> delete)
    {
        var election = ElectionOf(shot);
        await _entryTurn.WaitAsync(CancellationToken.None);
        try
        {
            for (var times = shot.Loses ? 2 : 1; times > 0 && !stop.IsCancellationRequested; times--)
            {
                using (Fault($"entry of {election} deleted", takesStore: false))
                    await delete(election);
                await HoldAsync(shot.Length(Lease * 0.5, Lease * 1.5), stop);
            }
        }
        finally
        {
            _entryTurn.Release();
        }
    }

    /// <summary>
    /// Notes whose entry was deleted, where that makes the next one leader at once. The leader hears of it, or cannot renew:
    /// then its lease runs out.
    /// </summary>
    /// <param name="election">Of which election.</param>
    /// <param name="token">Of the leadership.</param>
    /// <param name="at">The moment before.</param>
    public void EntryDeleted(string election, long token, long at) => Cluster.Record(
        new HistoryEvent(at, "test", EventKind.EntryDeleted, token, Until: HistoryEvent.Now + ((LongestLease + Options.Slack).Ticks * 100), Election: election));

    /// <summary>Waits, or until the run ends.</summary>
    public async Task HoldAsync(TimeSpan length, CancellationToken stop) =>
        await Task.Delay(length, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _lanes.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            if (_cluster is not null)
                await _cluster.DisposeAsync();
        }
        finally
        {
            if (_store is not null)
                await _store.DisposeAsync();
            foreach (var network in _networks.Values)
                await network.DisposeAsync();
            _folder.Dispose();
        }
        _storeTurn.Dispose();
        _entryTurn.Dispose();
        _stop.Dispose();
    }

    private async Task InjectAsync(ChaosAction[] actions, int lane, SemaphoreSlim? turn)
    {
        var chosen = actions.Where(a => Options.Faults is [] || Options.Faults.Contains(a.Fault)).ToArray();
        if (chosen is [])
            return;
        var deck = new ChaosDeck(new Random(HashCode(Options.Seed, _name, lane)), chosen, Lease);
        while (!_stop.IsCancellationRequested)
        {
            var shot = deck.Draw();
            await HoldAsync(shot.Pause, _stop.Token);
            // Faults upon faults would excuse every gap: most wait for a leader, and so let I4 show.
            var since = HistoryEvent.Now;
            while (shot.Waits && !Cluster.Elections.All(IsLed) && !_stop.IsCancellationRequested && HistoryEvent.Now - since < Bounds.Gap!.Value.Ticks * 200)
                await HoldAsync(TimeSpan.FromMilliseconds(100), _stop.Token);
            if (turn is not null)
                await turn.WaitAsync();
            try
            {
                if (_stop.IsCancellationRequested)
                    return;
                await shot.Action.RunAsync(shot, _stop.Token);
                _faults.AddOrUpdate(shot.Action.Fault, 1, (_, count) => count + 1);
            }
            finally
            {
                turn?.Release();
            }
        }
    }

    /// <summary>Whether the resource of an election was written to just now.</summary>
    private bool IsLed(string election) => Cluster.LastWriterOf(election) is { } last && HistoryEvent.Now - last.At < 500_000_000;

    /// <summary>Which election a fault is aimed at that hits one alone, or its leader.</summary>
    public string ElectionOf(ChaosShot shot) => shot.Target / 500 == 0 ? Cluster.Election : SecondElection;

    private string TargetOf(ChaosShot shot)
    {
        var candidates = Cluster.Candidates.Order().ToArray();
        return shot.AtLeader && Cluster.LastWriterOf(ElectionOf(shot)) is { } leader && candidates.Contains(leader.Candidate)
            ? leader.Candidate
            : candidates[shot.Target % candidates.Length];
    }

    private async Task KillAsync(ChaosShot shot, TimeSpan down, CancellationToken stop)
    {
        var candidate = TargetOf(shot);
        using (Fault($"{candidate} killed", takesStore: false))
        {
            await Cluster.KillAsync(candidate);
            await HoldAsync(down, stop);
            await Cluster.StartAsync(candidate);
        }
    }

    public async Task FreezeAsync(string candidate, TimeSpan length, CancellationToken stop)
    {
        using (Fault($"{candidate} frozen", takesStore: false))
        {
            var at = HistoryEvent.Now;
            Cluster.Process(candidate).Freeze();
            await HoldAsync(length, stop);
            Cluster.Process(candidate).Continue();
            Cluster.Record(new HistoryEvent(at, candidate, EventKind.Frozen, 0, Until: HistoryEvent.Now));
        }
    }

    private async Task OtherLeaseAsync(ChaosShot shot, CancellationToken stop)
    {
        var candidate = TargetOf(shot);
        var other = shot.Loses ? LongestLease : Lease * 2 / 3;
        using (Fault($"{candidate} restarted with a lease of {other.TotalSeconds} s", takesStore: false))
        {
            await Cluster.KillAsync(candidate);
            await Cluster.StartAsync(candidate, new CandidateStart { Lease = other });
        }
        await HoldAsync(Lease, stop);
    }

    private async Task DeadAddressAsync(ChaosShot shot, CancellationToken stop)
    {
        const string Name = "stores";
        var candidate = TargetOf(shot);
        var network = NetworkOf(candidate)!;
        using (Fault($"{candidate} restarted with names whose first address is dead", takesStore: false))
        {
            await Cluster.KillAsync(candidate);
            await Cluster.StartAsync(candidate, new CandidateStart
            {
                Endpoint = _store!.Endpoint(candidate).Replace(network.HostAddress, Name, StringComparison.Ordinal),
                Command = network.WithName(Name, _folder.File($"hosts.{candidate}")),
            });
        }
        await HoldAsync(Lease, stop);
    }

    private async Task DrainAsync(ChaosShot shot, TimeSpan length, CancellationToken stop)
    {
        await _entryTurn.WaitAsync(CancellationToken.None);
        try
        {
            await ResignLeaderAsync(ElectionOf(shot), length);
            await HoldAsync(length, stop);
        }
        finally
        {
            _entryTurn.Release();
        }
    }

    private async Task HandlersThrowAsync(ChaosShot shot, CancellationToken stop)
    {
        if (Cluster.LastWriterOf(ElectionOf(shot)) is not { } leader || !Cluster.Candidates.Contains(leader.Candidate))
            return;
        await Cluster.Process(leader.Candidate).WriteLineAsync(CandidateCommand.Throw);
        if (shot.Loses)
            await FreezeAsync(leader.Candidate, Lease * 1.2, stop);
        else
            await ResignLeaderAsync(ElectionOf(shot), TimeSpan.Zero);
        await HoldAsync(Lease, stop);
    }

    private async Task BlockThreadPoolAsync(ChaosShot shot, CancellationToken stop)
    {
        var candidate = TargetOf(shot);
        var length = shot.Length(Lease, Cluster.HasSystemClock(candidate) ? Lease * 4 : Lease * 1.5);
        using (Fault($"thread pool of {candidate} blocked", takesStore: false))
        {
            await Cluster.Process(candidate).WriteLineAsync(FormattableString.Invariant($"{CandidateCommand.Block} 500 {length.TotalMilliseconds:0}"));
            await HoldAsync(length, stop);
        }
    }

    /// <param name="election">In which it resigns; it goes on leading in the other, if it does.</param>
    /// <param name="drain">How long its work then takes to stop.</param>
    public async Task ResignLeaderAsync(string election, TimeSpan drain)
    {
        if (Cluster.LastWriterOf(election) is { } leader && Cluster.Candidates.Contains(leader.Candidate))
            await Cluster.Process(leader.Candidate).WriteLineAsync(FormattableString.Invariant($"{CandidateCommand.Resign} {election} {drain.TotalMilliseconds:0}"));
    }

    private async Task ResignAsync(ChaosShot shot, CancellationToken stop)
    {
        await _storeTurn.WaitAsync(CancellationToken.None);
        try
        {
            await HoldAsync(LongestLease * 1.1, stop);
            if (!stop.IsCancellationRequested && IsLed(ElectionOf(shot)))
            {
                await ResignLeaderAsync(ElectionOf(shot), TimeSpan.Zero);
                await HoldAsync(Lease, stop);
            }
        }
        finally
        {
            _storeTurn.Release();
        }
    }

    private ChaosReport Judge(string? failure)
    {
        var histories = Cluster.Elections.Select(election => Cluster.HistoryOf(election).OrderBy(e => e.At).ToArray()).Select(events => (events, HistoryChecker.Terms(events))).ToArray();
        var all = histories.SelectMany(h => h.events).ToArray();
        var gaps = histories.SelectMany(h => LeaderlessGap.In(h.events, h.Item2)).ToArray();
        var handOvers = histories.SelectMany(h => HandOver.In(h.events, h.Item2, Bounds.HandOver!.Value, Bounds.Calm)).ToArray();
        var violations = histories.SelectMany(h => HistoryChecker.Check(h.events, Bounds).Select(v => v.Explain(h.events))).ToList();
        violations.AddRange(Cluster.Crashes);
        if (failure is not null)
            violations.Add(failure);
        return new ChaosReport(
            _name, histories.Sum(h => h.Item2.Count), all.Count(e => e.What == EventKind.Accepted), all.Count(e => e.What == EventKind.Refused),
            new SortedDictionary<ChaosFault, int>(_faults), Longest(gaps.Select(g => g.Whole)), Longest(gaps.Select(g => g.Unexcused)),
            (long)Bounds.Gap!.Value.TotalMilliseconds, handOvers.Length, Longest(handOvers.Select(h => h.Took)),
            (long)Bounds.HandOver!.Value.TotalMilliseconds, violations);
    }

    private static long Longest(IEnumerable<TimeSpan> spans) => (long)spans.DefaultIfEmpty().Max().TotalMilliseconds;

    /// <summary>The same in every process, unlike that of the framework.</summary>
    private static int HashCode(int seed, string name, int lane) => name.Aggregate((seed * 31) + lane, (hash, c) => unchecked((hash * 31) + c));

    private sealed class Healing(Action heal) : IDisposable
    {
        public void Dispose() => heal();
    }
}
