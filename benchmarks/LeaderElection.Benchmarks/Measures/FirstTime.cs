using LeaderElection.Benchmarks.Peers;
using LeaderElection.Benchmarks.Reports;
using LeaderElection.Benchmarks.Stores;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>
/// The take-over that counts in production: the first one of a process that has waited for it. Each figure is of processes that
/// were started for it, in ordinary builds, and have been idle since.
/// </summary>
internal static class FirstTime
{
    /// <summary>Members of a raft cluster that takes turns within a fraction of a second are never quite idle.</summary>
    private const int RaftWidth = 4;

    private const int Width = 10;

    /// <summary>So many sets are started side by side.</summary>
    private const int AtOnce = 4;

    public static async Task RunAsync(Run run)
    {
        var builds = new List<WorkerBuild>();
        foreach (var name in run.Settings.Builds)
        {
            try
            {
                builds.Add(await WorkerBuild.PublishAsync(name));
                run.Report.Say(FormattableString.Invariant($"{name}: {builds[^1].Megabytes:0.0} MB"));
            }
            catch (MeasureException e)
            {
                run.HasFailed = true;
                run.Report.Note($"first, {name}: FAILED. {e.Message}");
            }
        }
        await run.EachStrategyAsync("first", async store =>
        {
            await MeasureAsync(run, store, builds, "hand-over", contest => contest.HandOverAsync());
            // Elsewhere it is the lease that is waited for, for seconds.
            if (!store.WaitsOutLease)
                await MeasureAsync(run, store, builds, "crash", async contest => (await contest.FailAsync(isFrozen: false, probe: null)).Total);
        });
    }

    private static async Task MeasureAsync(Run run, Store store, IReadOnlyList<WorkerBuild> builds, string what, Func<Contest, Task<double>> roundAsync)
    {
        IReadOnlyList<Contender> contenders = [.. builds.Select(b => b.Contender(store.Strategy)), .. run.Peers?.Candidates(store.Strategy, run.Report.Note) ?? []];
        var found = contenders.ToDictionary(c => c.Name, _ => new List<double>());
        var rounds = run.Settings.Rounds ?? 20;
        var width = store.Strategy == "raft" ? RaftWidth : Width;
        for (var done = 0; done < rounds; done += width)
        {
            var sets = await StartAsync(run, store, contenders, what, done, Math.Min(width, rounds - done));
            try
            {
                await Task.Delay(run.Settings.Idle, TimeProvider.System, run.Stop);
                foreach (var set in sets)
                    found[set.Contender.Name].Add(await roundAsync(set));
            }
            finally
            {
                foreach (var set in sets)
                    await set.DisposeAsync();
            }
        }
        foreach (var contender in contenders)
        {
            var build = builds.FirstOrDefault(b => b.Contender(store.Strategy).Name == contender.Name)?.Name;
            run.Report.Add(new Series(
                $"first {what}", run.Where(store.Strategy), contender.IsOurs ? Contender.Ours : contender.Name, "ms", found[contender.Name]) { Build = build });
        }
        if (store.Strategy == "raft" && run.Peers?.Raft(run.Report.Note) is { } hashicorp)
        {
            var values = new List<double>();
            for (var round = 0; round < rounds; round++)
                values.Add(await hashicorp.RoundAsync(run.Lease(store.Strategy), isTransfer: what == "hand-over"));
            run.Report.Add(new Series($"first {what}", run.Where(store.Strategy), HashicorpRaft.Name, "ms", values));
            run.Report.Note($"{HashicorpRaft.Name}: one process of its own for each round, which has not been idle");
        }
    }

    /// <summary>Sets of each contender in turn: who is measured when decides nothing.</summary>
    private static async Task<IReadOnlyList<Contest>> StartAsync(
        Run run, Store store, IReadOnlyList<Contender> contenders, string what, int first, int count)
    {
        var candidates = store.Strategy == "raft" ? 3 : 2;
        using var turns = new SemaphoreSlim(AtOnce);
        var starting = Enumerable.Range(first, count).SelectMany(round => contenders.Select(async (contender, i) =>
        {
            await turns.WaitAsync(run.Stop);
            try
            {
                return await Contest.StartAsync(contender, store, $"first-{what}-{round}-{i}", candidates, run.Lease(store.Strategy), run.Stop);
            }
            finally
            {
                turns.Release();
            }
        })).ToArray();
        try
        {
            return await Task.WhenAll(starting);
        }
        catch
        {
            foreach (var started in starting.Where(s => s.IsCompletedSuccessfully))
                await (await started).DisposeAsync();
            throw;
        }
    }
}
