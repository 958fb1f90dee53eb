using LeaderElection.Tests.History;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Load;

/// <summary>One strategy: three processes, each a candidate in the same many elections, and one fault after the other.</summary>
internal sealed class LoadRun(string strategy, LoadOptions options, Action<string> print)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly List<LoadStep> _steps = [];

    /// <summary>Runs it to its end, or to what makes going on senseless, which is a breach.</summary>
    public async Task<IReadOnlyList<LoadStep>> RunAsync(CancellationToken stop = default)
    {
        try
        {
            await InjectAsync(stop);
        }
        catch (Exception e) when (e is TimeoutException or IOException or InvalidOperationException)
        {
            _steps.Add(new LoadStep(strategy, "the run itself", 0, default, default, new Measurement(0, 0, 0, 0, 0), null, [e.Message]));
        }
        return _steps;
    }

    private async Task InjectAsync(CancellationToken stop)
    {
        await using var store = await LoadStore.StartAsync(strategy, LoadOptions.Candidates, options.Lease);
        await using var candidates = new LoadCandidates(store, options.Elections, options.Lease);
        var start = TimeProvider.System.GetTimestamp();
        await candidates.StartAsync(LoadOptions.Candidates);
        if (!await candidates.AllLedAsync(Patience))
            throw new TimeoutException($"{strategy}: only {candidates.Led()} of {options.Elections} elections had a leader after {Patience.TotalSeconds} s.");
        print($"{strategy,-9} {options.Elections} elections led after {TimeProvider.System.GetElapsedTime(start).TotalSeconds:0.0} s: "
            + string.Join(", ", candidates.Running.Select(c => $"{c.Name} {c.Leads}")));
        // Those that follow are in their places when a lease has passed.
        await HoldAsync(options.Lease);

        await FaultAsync(candidates, "process killed", candidates.Foremost, async victim =>
        {
            var since = await candidates.KillAsync(victim);
            return (since, () => candidates.StartAsync(victim.Name));
        });
        if (!stop.IsCancellationRequested && store.HasServer)
        {
            await FaultAsync(candidates, "server restarted", () => store, async _ => (await RestartAsync(TimeSpan.Zero), NothingAsync));
            if (!options.IsShort)
                await FaultAsync(candidates, "server away for 1.5 leases", () => store, async _ => (await RestartAsync(options.Lease * 1.5), NothingAsync));
        }
        else if (!stop.IsCancellationRequested)
        {
            await FaultAsync(candidates, "member restarted", candidates.Foremost, async victim =>
            {
                var since = await candidates.KillAsync(victim);
                await candidates.StartAsync(victim.Name);
                return (since, NothingAsync);
            });
        }
        if (!stop.IsCancellationRequested)
            await FreezeAsync(candidates);

        await candidates.EndAsync();
        string[] wrong = [.. candidates.Violations().Take(5), .. candidates.Failures.Take(5)];
        if (wrong is not [])
            _steps[^1] = _steps[^1] with { Breaches = [.. _steps[^1].Breaches, .. wrong] };

        async Task<long> RestartAsync(TimeSpan away)
        {
            await store.StopAsync();
            await HoldAsync(away);
            await store.StartAsync();
            return HistoryEvent.Now;
        }

        static Task NothingAsync() => Task.CompletedTask;
    }

    /// <summary>Waits, also until a frozen process could have been replaced.</summary>
    private static Task HoldAsync(TimeSpan length) => Task.Delay(length, TimeProvider.System);

    /// <param name="candidates">Who is there.</param>
    /// <param name="name">The fault's.</param>
    /// <param name="choose">What it hits.</param>
    /// <param name="inject">Returns the moment from which is counted, and what restores the processes to their number.</param>
    private async Task FaultAsync<T>(LoadCandidates candidates, string name, Func<T> choose, Func<T, Task<(long Since, Func<Task> Restore)>> inject)
    {
        var before = await candidates.MeasureAsync();
        var (since, restore) = await inject(choose());
        var (gaps, breaches) = await GapsAsync(candidates, since);
        await restore();
        await AddAsync(candidates, name, gaps, breaches, before);
    }

    private async Task FreezeAsync(LoadCandidates candidates)
    {
        var before = await candidates.MeasureAsync();
        var victim = candidates.Foremost();
        var since = victim.Freeze();
        // Longer than the lease, and until the others should have taken over.
        await HoldAsync(options.Bound + TimeSpan.FromMilliseconds(500));
        var (gaps, breaches) = await GapsAsync(candidates, since);
        Add("process frozen", gaps, breaches, before, null);
        var (woken, late) = await GapsAsync(candidates, victim.Continue());
        await AddAsync(candidates, "… and thawed", woken, late, before);
    }

    /// <summary>Watches for a while, and until every election has a leader, and judges.</summary>
    private async Task<(IReadOnlyList<TimeSpan> Gaps, List<string> Breaches)> GapsAsync(LoadCandidates candidates, long since)
    {
        var left = options.Watch - TimeSpan.FromTicks((HistoryEvent.Now - since) / 100);
        await HoldAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        var breaches = new List<string>();
        if (!await candidates.AllLedAsync(TimeSpan.FromSeconds(60)))
            breaches.Add($"{options.Elections - candidates.Led()} elections have no leader 60 s after the bound");
        var gaps = candidates.Gaps(since);
        if (gaps.Count(g => g > options.Bound + options.Slack) is > 0 and var late)
            breaches.Add($"{late} elections had a leader again only after {options.Bound.TotalSeconds:0.0} s, the last after {gaps.Max().TotalSeconds:0.00} s");
        breaches.AddRange(candidates.Violations().Take(3));
        return (gaps, breaches);
    }

    private async Task AddAsync(LoadCandidates candidates, string fault, IReadOnlyList<TimeSpan> gaps, List<string> breaches, Measurement before)
    {
        // What was started anew takes its places first, and timers run out that hold something.
        var after = await candidates.MeasureAsync();
        for (var i = 0; i < 10 && (Grown(before, after).Any() || candidates.Led() < options.Elections); i++)
        {
            await HoldAsync(TimeSpan.FromSeconds(1));
            after = await candidates.MeasureAsync();
        }
        breaches.AddRange(Grown(before, after));
        Add(fault, gaps, breaches, before, after);
    }

    private void Add(string fault, IReadOnlyList<TimeSpan> gaps, List<string> breaches, Measurement before, Measurement? after)
    {
        var step = new LoadStep(strategy, fault, gaps.Count, gaps.DefaultIfEmpty().Max(), gaps.Order().Skip(gaps.Count / 2).FirstOrDefault(), before, after, breaches);
        _steps.Add(step);
        print($"{strategy,-9} {fault}: {step.Hit} elections without a leader, the last for {step.Slowest.TotalSeconds:0.00} s");
    }

    private static IEnumerable<string> Grown(Measurement before, Measurement after)
    {
        if (after.Heap > Most(before.Heap, LoadOptions.HeapTolerance))
            yield return $"the heaps grew from {Megabytes(before.Heap)} to {Megabytes(after.Heap)}";
        if (after.WorkingSet > Most(before.WorkingSet, LoadOptions.WorkingSetTolerance))
            yield return $"the working sets grew from {Megabytes(before.WorkingSet)} to {Megabytes(after.WorkingSet)}";
    }

    private static double Most(long before, (double Part, long Bytes) tolerance) => (before * (1 + tolerance.Part)) + (LoadOptions.Candidates * tolerance.Bytes);

    public static string Megabytes(long bytes) => $"{bytes / 1048576.0:0.0} MB";
}
