using LeaderElection.Tests.History;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Faults;

/// <summary>Some candidate processes in one election, the resource they write to, and the history of it all.</summary>
internal sealed class Cluster(string strategy, string endpoint, TimeSpan lease) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly FencedResourceServer _resource = new();
    private readonly Dictionary<string, ChildProcess> _running = [];
    private readonly List<ChildProcess> _all = [];
    private readonly List<HistoryEvent> _killed = [];
    private int _started;

    public IReadOnlyList<HistoryEvent> History
    {
        get
        {
            ChildProcess[] processes;
            HistoryEvent[] killed;
            lock (_lock)
            {
                processes = [.. _all];
                killed = [.. _killed];
            }
            return [.. processes.SelectMany(p => p.StandardOutput).Where(l => l.StartsWith('{')).Select(HistoryEvent.Parse), .. killed, .. _resource.Events];
        }
    }

    public IReadOnlyCollection<string> Candidates
    {
        get { lock (_lock) return [.. _running.Keys]; }
    }

    /// <summary>Starts a candidate, and waits until it campaigns.</summary>
    public async Task<string> StartAsync()
    {
        var candidate = NextCandidate();
        var process = ChildProcess.Start(
            "dotnet",
            [typeof(Cluster).Assembly.Location, strategy, endpoint, "fault", candidate, $"{lease.TotalMilliseconds}", $"{_resource.Port}"]);
        lock (_lock)
        {
            _all.Add(process);
            _running.Add(candidate, process);
        }
        await process.WaitForLineAsync(nameof(EventKind.Campaigns));
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
        await Eventually.TrueAsync(() => _resource.Events.Any(e => e.Token == leader!.Token), $"a write of {leader}", timeout);
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
        lock (_lock) _killed.Add(new HistoryEvent(at, candidate, EventKind.Killed, 0));
        return at;
    }

    /// <summary>Fails with the history's violations, if there are any.</summary>
    public void AssertInvariants(TimeSpan? longestGap = null)
    {
        var violations = HistoryChecker.Check(History, longestGap is { } gap ? (long)(gap.TotalMilliseconds * 1e6) : null);
        Assert.True(violations is [], string.Join(Environment.NewLine, violations));
    }

    public async ValueTask DisposeAsync()
    {
        ChildProcess[] processes;
        lock (_lock) processes = [.. _all];
        foreach (var process in processes)
            await process.DisposeAsync();
        _resource.Dispose();
    }

    /// <summary>Members of a raft cluster are known beforehand: there the first one starts that does not run.</summary>
    private string NextCandidate()
    {
        lock (_lock)
            return strategy == "raft" ? Enumerable.Range(0, 9).Select(i => $"m{i}").First(m => !_running.ContainsKey(m)) : $"c{++_started}";
    }
}
