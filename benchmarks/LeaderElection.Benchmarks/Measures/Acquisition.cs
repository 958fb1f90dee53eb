using LeaderElection.Benchmarks.Peers;
using LeaderElection.Benchmarks.Reports;
using LeaderElection.Benchmarks.Stores;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>How long it takes to win elections that nobody contends for.</summary>
internal static class Acquisition
{
    private const int Block = 50;
    private const int ManyRounds = 3;

    public static async Task RunAsync(Run run)
    {
        await run.EachStrategyAsync("acquire", store => OneByOneAsync(run, store));
        // Each round on a store of its own: what was killed before is remembered for a lease.
        var many = new Dictionary<(string What, string Where, string Name), List<double>>();
        for (var round = 0; round < ManyRounds; round++)
            await run.EachStrategyAsync("acquire", store => AllAtOnceAsync(run, store, many));
        foreach (var ((what, where, name), values) in many)
            run.Report.Add(new Series(what, where, name, "ms", values));
    }

    /// <summary>In a warm process whose connection is up, a new election each time.</summary>
    private static async Task OneByOneAsync(Run run, Store store)
    {
        var lease = run.Lease(store.Strategy);
        var processes = new List<ChildProcess>();
        try
        {
            var seats = store.Seats("acquire", store.Strategy == "raft" ? 3 : 1, lease);
            foreach (var other in seats.Skip(1))
                processes.Add(OurProcess.Start("hold", store.Strategy, other, "--elections", "0", "--on-demand"));
            processes.Add(OurProcess.Start("acquirer", store.Strategy, seats[0]));
            var contenders = new List<AcquirePeer> { AcquirePeer.ByLines(Contender.Ours, processes[^1]) };
            if (run.Peers is not null)
            {
                var (peers, theirs) = run.Peers.Acquirers(store, lease, run.Report.Note);
                contenders.AddRange(peers);
                processes.AddRange(theirs);
            }
            await Task.WhenAll(processes.Select(p => p.WaitForLineAsync("READY")));
            var found = contenders.ToDictionary(c => c.Name, _ => new List<double>());
            for (var done = 0; done < (run.Settings.Rounds ?? 4 * Block); done += Block)
            {
                foreach (var contender in contenders)
                    found[contender.Name].AddRange(await contender.BlockAsync(Block));
            }
            foreach (var (name, values) in found)
                run.Report.Add(new Series("acquire", run.Where(store.Strategy), name, "ms", values));
            if (found.ContainsKey(PeerFolder.GoClient) || found.ContainsKey(PeerFolder.Curator))
                run.Report.Note("acquire: the Go client and Curator measure themselves; their values are the medians of blocks");
        }
        finally
        {
            foreach (var process in processes)
                await process.DisposeAsync();
        }
    }

    private static async Task AllAtOnceAsync(Run run, Store store, Dictionary<(string, string, string), List<double>> found)
    {
        var count = run.Settings.Elections ?? 1000;
        var atOnce = $"acquire {count} at once";
        void Add(string what, string name, double value)
        {
            run.Report.Say(FormattableString.Invariant($"  {what}, {run.Where(store.Strategy)}, {name}: {value:0} ms"));
            var key = (what, run.Where(store.Strategy), name);
            if (!found.TryGetValue(key, out var values))
                found[key] = values = [];
            values.Add(value);
        }
        await using (var many = await ManyElections.StartAsync(run, store, count))
        {
            // What compiles as it runs is slow the first time; so are most services when they start, but not later.
            Add(atOnce, Contender.Ours, await many.AcquireAsync());
            Add(atOnce + ", again", Contender.Ours, await many.AcquireAgainAsync());
        }
        foreach (var peer in run.Peers?.Many(store.Strategy, run.Report.Note) ?? [])
        {
            await using var process = peer.Hold(store.Endpoints, run.Lease(store.Strategy), count);
            Add(atOnce, peer.Name, await process.AcquiredAsync());
        }
    }
}
