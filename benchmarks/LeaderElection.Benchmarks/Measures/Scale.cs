using LeaderElection.Benchmarks.Peers;
using LeaderElection.Benchmarks.Reports;
using LeaderElection.Benchmarks.Stores;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>What grows with the number of elections of a process, and with the number of candidates of an election.</summary>
internal static class Scale
{
    private const int Most = 10_000;

    public static async Task RunAsync(Run run)
    {
        var curves = new ScaleCurves(run.Report);
        try
        {
            foreach (var count in Sizes(run))
                await run.EachStrategyAsync("scale", store => ElectionsAsync(run, store, count, curves));
            await run.EachStrategyAsync("scale", store => CandidatesAsync(run, store, curves));
        }
        finally
        {
            if (run.Settings.Picture is { } file)
            {
                await File.WriteAllTextAsync(file, ChartPicture.Draw("LeaderElection: what grows with elections and candidates", curves.Charts()), CancellationToken.None);
                run.Report.Note($"The curves are in {file}");
            }
        }
    }

    private static IEnumerable<int> Sizes(Run run)
    {
        var most = run.Settings.Elections ?? Most;
        for (var size = 1; size <= most; size *= run.Settings.IsBrief ? 100 : 10)
            yield return size;
    }

    private static async Task ElectionsAsync(Run run, Store store, int count, ScaleCurves curves)
    {
        var where = run.Where(store.Strategy);
        var window = run.Settings.Window / 3;
        var empty = await Load.RequestsAsync(store, window, run.Stop);
        await using var many = await ManyElections.StartAsync(run, store, count);
        void Add(string measure, string unit, params double[] values) => curves.Add(measure, "elections", where, unit, count, values);

        Add("acquire all", "ms", await many.AcquireAsync());
        await many.FollowAsync();
        if (await Load.RequestsAsync(store, window, run.Stop) is { } both)
            Add("requests/s, leader and follower", "1/s", Math.Max(0, both - empty!.Value));
        var (heap, workingSet, threads) = await many.Follower.MemoryAsync();
        Add("heap, follower", "MB", heap / 1048576);
        Add("working set, follower", "MB", workingSet / 1048576);
        Add("threads, follower", "", threads);
        Add("hand-over of one", "ms", await many.HandOversAsync(run.Settings.IsBrief ? 3 : 10));
        var (first, last) = await many.CrashAsync();
        if (count > 1)
            Add("crash, last after first", "ms", last - first);
    }

    private static async Task CandidatesAsync(Run run, Store store, ScaleCurves curves)
    {
        // Raft has 3 to 9 members.
        int[] counts = (store.Strategy == "raft", run.Settings.IsBrief) switch
        {
            (true, false) => [3, 5, 7, 9],
            (true, true) => [3, 9],
            (false, false) => [3, 10, 25, 50],
            (false, true) => [3, 25],
        };
        var where = run.Where(store.Strategy);
        var empty = await Load.RequestsAsync(store, run.Settings.Window / 3, run.Stop);
        foreach (var count in counts)
        {
            await using var contest = await Contest.StartAsync(
                OurProcess.Candidate(store.Strategy), store, $"candidates-{count}", count, run.Lease(store.Strategy), run.Stop);
            if (await Load.RequestsAsync(store, run.Settings.Window / 3, run.Stop) is { } requests)
                curves.Add("requests/s, all candidates", "candidates", where, "1/s", count, Math.Max(0, requests - empty!.Value));
            var times = new List<double>();
            for (var round = 0; round < (run.Settings.IsBrief ? 5 : run.Settings.Rounds ?? 15); round++)
            {
                times.Add(await contest.HandOverAsync());
                await contest.RejoinAsync();
            }
            curves.Add("hand-over", "candidates", where, "ms", count, [.. times]);
        }
    }
}
