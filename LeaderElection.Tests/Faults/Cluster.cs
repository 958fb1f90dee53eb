using LeaderElection.Tests.History;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Faults;

/// <summary>Some candidate processes in an election, or two, the resources they write to, and the history of it all.</summary>
/// <param name="strategy">The strategy.</param>
/// <param name="endpointOf">Where a candidate finds the store.</param>
/// <param name="lease">The lease.</param>
/// <param name="isFenced">Whether the resource refuses low tokens.</param>
/// <param name="commandOf">What a candidate's command line begins with, such as the network to run it in.</param>
/// <param name="settings">What <see cref="CandidateArguments"/> takes beyond that.</param>
internal sealed class Cluster(string strategy, Func<string, string> endpointOf, TimeSpan lease, bool isFenced, Func<string, string[]>? commandOf = null, params string[] settings) : IAsyncDisposable
{
    /// <summary>The election that all stand in.</summary>
    public const string Election = "fault";

    // A candidate starts many times in a long run, and does little: quick to start is what counts.
    private static readonly KeyValuePair<string, string?>[] Environment = [new("DOTNET_TieredPGO", "0"), new("DOTNET_gcConcurrent", "0")];

    // Some dozens of processes may start at a time.
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, FencedResourceServer> _resources = new() { [Election] = new(Election, isFenced) };
    private readonly Dictionary<string, ChildProcess> _running = [];
    private readonly List<Recording> _all = [];
    private readonly List<HistoryEvent> _own = [];
    private int _started;

    public Cluster(string strategy, string endpoint, TimeSpan lease)
        : this(strategy, _ => endpoint, lease, isFenced: true)
    {
    }

    public IReadOnlyList<HistoryEvent> History => HistoryOf(Election);

    public IReadOnlyCollection<string> Elections => _resources.Keys;

    public IReadOnlyCollection<string> Candidates
    {
        get { lock (_lock) return [.. _running.Keys]; }
    }

    /// <summary>The candidate whose write the resource accepted last.</summary>
    public (string Candidate, long Token, long At)? LastWriter => LastWriterOf(Election);

    /// <summary>What the candidates printed that have ended by themselves.</summary>
    public IReadOnlyList<string> Crashes
    {
        get { lock (_lock) return [.. _running.Where(p => p.Value.HasExited).Select(p => $"{p.Key} has ended by itself: {string.Join(' ', p.Value.StandardError)}")]; }
    }

    /// <summary>What happened in one election, and to all.</summary>
    public IReadOnlyList<HistoryEvent> HistoryOf(string election)
    {
        lock (_lock)
        {
            return [.. _all.SelectMany(p => p.Read()).Concat(_own).Where(e => e.Election is null || e.Election == election), .. _resources[election].Events];
        }
    }

    /// <summary>The candidate whose write the resource of this election accepted last.</summary>
    public (string Candidate, long Token, long At)? LastWriterOf(string election)
    {
        if (_resources[election].Last is not { } last)
            return null;
        lock (_lock)
        {
            return _all.Select(p => p.Read().FindLast(e => e.What == EventKind.Elected && e.Election == election)).FirstOrDefault(e => e?.Token == last.Token) is { } elected
                ? (elected.Candidate, last.Token, last.At)
                : null;
        }
    }

    /// <summary>What candidates are called, in the order in which they start.</summary>
    public static string NameOf(string strategy, int index) => strategy == "raft" ? $"m{index}" : $"c{index + 1}";

    /// <summary>Candidates that are started from now on stand in this one, too.</summary>
    public void Add(string election) => _resources.Add(election, new FencedResourceServer(election, isFenced));

    /// <summary>Whether its clock is the system's in any case: leases that go by another are not judged on a thread of their own.</summary>
    public bool HasSystemClock(string candidate) => candidate == NameOf(strategy, 0);

    /// <summary>Starts a candidate, and waits until it campaigns.</summary>
    /// <param name="candidate">One that ran before; a new one if there is none given.</param>
    /// <param name="how">In what it differs from the others.</param>
    public async Task<string> StartAsync(string? candidate = null, CandidateStart? how = null)
    {
        how ??= CandidateStart.Usual;
        candidate ??= NextCandidate();
        string[] command =
        [
            .. commandOf?.Invoke(how.Member ?? candidate) ?? [], .. how.Command, "dotnet", typeof(Cluster).Assembly.Location,
            strategy, how.Endpoint ?? endpointOf(candidate), Election, candidate, $"{(how.Lease ?? lease).TotalMilliseconds}", _resources[Election].Path,
            .. how.Member is null ? Array.Empty<string>() : [$"member={how.Member}"], .. _resources.Where(r => r.Key != Election).Select(r => $"also={r.Key}={r.Value.Path}"), .. settings.Where(s => s != CandidateArguments.WanderingClock || !(how.HasRightClock || HasSystemClock(candidate))),
        ];
        var process = ChildProcess.Start(
            command[0], command[1..], Environment, keepsInput: settings.Contains("commands"));
        lock (_lock)
        {
            _all.Add(new Recording(process));
            _running.Add(candidate, process);
        }
        await process.WaitForLineAsync(nameof(EventKind.Campaigns), timeout: StartLimit);
        return candidate;
    }

    /// <summary>Waits until a candidate other than the given one was elected after the given moment, and has written.</summary>
    /// <returns>The leadership's first event.</returns>
    public async Task<HistoryEvent> LeaderAsync(long after = 0, string? notBeing = null, TimeSpan? timeout = null)
    {
        var leader = await Eventually.GetAsync(
            () => Task.FromResult(History.Where(e => e.What == EventKind.Elected && e.At > after && e.Candidate != notBeing).MaxBy(e => e.At)),
            e => e is not null,
            $"a leader after {after} that is not {notBeing}", timeout);
        await Eventually.TrueAsync(() => _resources[Election].Events.Any(e => e.Token == leader!.Token), $"a write of {leader}", timeout);
        return leader!;
    }

    public ChildProcess Process(string candidate)
    {
        lock (_lock) return _running[candidate];
    }

    /// <summary>SIGKILL.</summary>
    /// <returns>When.</returns>
    public async Task<long> KillAsync(string candidate)
    {
        ChildProcess process;
        lock (_lock)
        {
            _running.Remove(candidate, out process!);
        }
        // Before, not after: another may lead sooner than the death is seen here.
        var at = HistoryEvent.Now;
        process.Kill();
        await process.WaitForExitAsync();
        Record(new HistoryEvent(at, candidate, EventKind.Killed, 0, Until: HistoryEvent.Now));
        return at;
    }

    /// <summary>Adds to the history what the test knows.</summary>
    public void Record(HistoryEvent happened)
    {
        lock (_lock) _own.Add(happened);
    }

    /// <summary>Fails with the history's violations, if there are any.</summary>
    public void AssertInvariants(TimeSpan? longestGap = null)
    {
        var violations = HistoryChecker.Check(History, new HistoryBounds(longestGap));
        Assert.True(violations is [], string.Join(System.Environment.NewLine, violations));
    }

    public async ValueTask DisposeAsync()
    {
        ChildProcess[] processes;
        lock (_lock) processes = [.. _all.Select(p => p.Process)];
        foreach (var process in processes)
            await process.DisposeAsync();
        foreach (var resource in _resources.Values)
            resource.Dispose();
    }

    /// <summary>Members of a raft cluster are known beforehand: there the first one starts that does not run.</summary>
    private string NextCandidate()
    {
        lock (_lock)
            return strategy == "raft" ? Enumerable.Range(0, 9).Select(i => NameOf(strategy, i)).First(m => !_running.ContainsKey(m)) : NameOf(strategy, _started++);
    }

    /// <summary>What a process told.</summary>
    private sealed class Recording(ChildProcess process)
    {
        private readonly List<HistoryEvent> _events = [];
        private int _read;

        public ChildProcess Process => process;

        /// <summary>All of it, with what it has printed since the last time.</summary>
        public List<HistoryEvent> Read()
        {
            var lines = process.LinesFrom(_read);
            _read += lines.Count;
            _events.AddRange(lines.Where(l => l is { IsError: false, Text: ['{', ..] }).Select(l => HistoryEvent.Parse(l.Text)));
            return _events;
        }
    }
}
