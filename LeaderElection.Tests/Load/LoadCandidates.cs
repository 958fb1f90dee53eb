using LeaderElection.Tests.History;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Load;

/// <summary>Some processes that are candidates in the same many elections, and their common history.</summary>
internal sealed class LoadCandidates(LoadStore store, int elections, TimeSpan lease, TimeSpan? longestTerm = null) : IAsyncDisposable
{
    private readonly List<LoadCandidate> _all = [];
    private readonly List<LoadCandidate> _running = [];

    public IReadOnlyList<LoadCandidate> Running => _running;

    /// <summary>How many leaderships there were.</summary>
    public int Terms => _all.Sum(c => c.Terms.Count);

    /// <summary>What no run may show: exceptions that nobody saw, processes that ended by themselves.</summary>
    public IEnumerable<string> Failures => _all.SelectMany(c => c.Failures);

    public async Task StartAsync(string name)
    {
        var candidate = await LoadCandidate.StartAsync(store.Strategy, store.Endpoint, name, lease, elections, longestTerm);
        _all.Add(candidate);
        _running.Add(candidate);
    }

    /// <summary>Starts those of these names.</summary>
    public Task StartAsync(int count) => Task.WhenAll(Enumerable.Range(0, count).Select(i => StartAsync($"m{i}")));

    /// <summary>The candidate that leads the most elections.</summary>
    public LoadCandidate Foremost()
    {
        Read();
        return _running.MaxBy(c => c.Leads)!;
    }

    /// <summary>How many elections have a leader that is not frozen.</summary>
    public int Led()
    {
        Read();
        return _running.Where(c => !c.IsFrozen).Sum(c => c.Leads);
    }

    /// <summary>Waits until every election has a leader, or the time is up.</summary>
    /// <returns>Whether all have.</returns>
    public async Task<bool> AllLedAsync(TimeSpan limit)
    {
        try
        {
            await Eventually.TrueAsync(() => Led() >= elections, "all elections to be led", limit);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public async Task<long> KillAsync(LoadCandidate candidate)
    {
        _running.Remove(candidate);
        return await candidate.KillAsync();
    }

    public async Task<Measurement> MeasureAsync() => (await Task.WhenAll(_running.Select(c => c.MeasureAsync()))).Aggregate((a, b) => a + b);

    /// <summary>For each election that had no leader at some moment since then: when it had one again, counted from there; the time until now if it has none.</summary>
    public IReadOnlyList<TimeSpan> Gaps(long since)
    {
        Read();
        var now = HistoryEvent.Now;
        var terms = _all.SelectMany(c => c.Terms.Select(t => (t.Election, t.From, To: Math.Min(now, t.To(c.IsFrozen))))).ToLookup(t => t.Election);
        var gaps = new List<TimeSpan>();
        for (var election = 0; election < elections; election++)
        {
            var (led, filled) = (since, since);
            foreach (var (_, from, to) in terms[election].Where(t => t.To > since).OrderBy(t => t.From))
            {
                if (from > led)
                    filled = from;
                led = Math.Max(led, to);
            }
            if (led < now)
                filled = now;
            if (filled > since)
                gaps.Add(TimeSpan.FromTicks((filled - since) / 100));
        }
        return gaps;
    }

    /// <summary>How many elections have had no leader at all since then.</summary>
    public int Leaderless(long since)
    {
        Read();
        return Leaderless(_all.SelectMany(c => c.Terms.Select(t => (t, c.IsFrozen))), elections, since);
    }

    internal static int Leaderless(IEnumerable<(HeldTerm Term, bool IsFrozen)> terms, int elections, long since) =>
        elections - terms.Where(t => t.Term.To(t.IsFrozen) > since).Select(t => t.Term.Election).Distinct().Count();

    /// <summary>Two leaders at a time, and tokens that do not grow, in all that was told so far.</summary>
    public IEnumerable<string> Violations()
    {
        Read();
        return from term in _all.SelectMany(c => c.Terms)
               group term by term.Election into election
               from violation in HistoryChecker.Check(election.SelectMany(t => t.Events()))
               select $"election {election.Key}: {violation}";
    }

    /// <summary>Has all of them resign and end, which tells of what was left unobserved until then.</summary>
    public async Task EndAsync()
    {
        await Task.WhenAll(_running.Select(c => c.EndAsync()));
        _running.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var candidate in _all)
            await candidate.DisposeAsync();
    }

    private void Read()
    {
        foreach (var candidate in _all)
            candidate.Read();
    }
}
