using LeaderElection.Benchmarks.Peers;
using LeaderElection.Benchmarks.Reports;
using LeaderElection.Benchmarks.Stores;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>How long nobody leads: the leader resigns, is killed, or is frozen.</summary>
internal static class FailOver
{
    private const int Candidates = 3;

    /// <summary>So many elections fail side by side where a round is seconds of waiting for a lease.</summary>
    private const int Width = 10;

    public static Task HandOverAsync(Run run) => run.EachStrategyAsync("handover", store => MeasureAsync(
        run, store, "handover", run.Settings.Rounds ?? (run.Settings.IsBrief ? 20 : 30), width: 1,
        contest => new Subject(contest.Contender.Name, async () => new Failure(await contest.HandOverAsync(), null), contest.RejoinAsync)));

    public static Task CrashAsync(Run run) => run.EachStrategyAsync("crash", store => FailAsync(run, store, "crash", isFrozen: false));

    public static Task FreezeAsync(Run run) => run.EachStrategyAsync("freeze", store => FailAsync(run, store, "freeze", isFrozen: true));

    private static Task FailAsync(Run run, Store store, string measure, bool isFrozen)
    {
        var rounds = run.Settings.Rounds ?? (run.Settings.IsBrief ? 10 : 20);
        var isWaiting = store.Strategy != "raft" && (isFrozen || store.WaitsOutLease);
        var probe = store is RedisStore redis ? new RedisLeaseProbe(redis) : null;
        if (probe is not null)
            run.Report.Note("over the lease: from the moment when the dead leader's lease runs out on Redis, which is the wall clock right after the kill plus PTTL of the key then, until another leads");
        return MeasureAsync(
            run, store, measure, rounds, isWaiting ? Math.Min(Width, rounds) : 1,
            contest => new Subject(contest.Contender.Name, () => contest.FailAsync(isFrozen, probe), contest.ReplaceAsync));
    }

    private static async Task MeasureAsync(Run run, Store store, string measure, int rounds, int width, Func<Contest, Subject> turn)
    {
        var lease = run.Lease(store.Strategy);
        var contests = new List<Contest>();
        try
        {
            var lanes = new List<List<Subject>>();
            var contenders = run.Contenders(store.Strategy);
            for (var lane = 0; lane < width; lane++)
            {
                // Elections of their own: nobody stands in another's way.
                foreach (var contender in contenders)
                    contests.Add(await Contest.StartAsync(contender, store, $"{measure}-{lane}-{contender.Name.Replace(' ', '-')}", Candidates, lease, run.Stop));
                lanes.Add([.. contests.TakeLast(contenders.Count).Select(turn)]);
            }
            // It measures itself, and has no freeze.
            if (store.Strategy == "raft" && measure != "freeze" && run.Peers?.Raft(run.Report.Note) is { } hashicorp)
                lanes[0].Add(new Subject(HashicorpRaft.Name, async () => new Failure(await hashicorp.RoundAsync(lease, measure == "handover"), null), () => Task.CompletedTask));

            var failures = lanes[0].ToDictionary(s => s.Name, _ => new List<Failure>());
            for (var done = 0; done < rounds; done += width)
                await RoundsAsync(lanes[..Math.Min(width, rounds - done)], failures);
            foreach (var (name, found) in failures)
                Add(run.Report, measure, run.Where(store.Strategy), name, found);
            if (contests.Sum(c => c.SpuriousMoves) is > 0 and var moves)
                run.Report.Note($"{measure}, {run.Where(store.Strategy)}: leadership moved {moves} times by itself");
        }
        finally
        {
            foreach (var contest in contests)
                await contest.DisposeAsync();
        }
    }

    /// <summary>One alone in each round where times are short, in turn; side by side where they are leases.</summary>
    private static async Task RoundsAsync(List<List<Subject>> lanes, Dictionary<string, List<Failure>> failures)
    {
        if (lanes is [var only])
        {
            foreach (var subject in only)
            {
                failures[subject.Name].Add(await subject.Round());
                await subject.Restore();
            }
            return;
        }
        var subjects = lanes.SelectMany(lane => lane).ToArray();
        var found = await Task.WhenAll(subjects.Select(s => s.Round()));
        for (var i = 0; i < subjects.Length; i++)
            failures[subjects[i].Name].Add(found[i]);
        // Only now, so that no start of a process falls into a measurement.
        foreach (var subject in subjects)
            await subject.Restore();
    }

    private static void Add(Report report, string measure, string where, string name, List<Failure> found)
    {
        report.Add(new Series(measure, where, name, "ms", [.. found.Select(f => f.Total)]));
        if (found.All(f => f.OverLease is not null))
            report.Add(new Series($"{measure}, over the lease", where, name, "ms", [.. found.Select(f => f.OverLease!.Value)]));
    }
}
