using LeaderElection.Benchmarks.Peers;
using LeaderElection.Benchmarks.Reports;
using LeaderElection.Benchmarks.Stores;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>What many elections cost while nothing changes: one process leads in all of them, another follows.</summary>
internal static class Idle
{
    public static Task RunAsync(Run run) => run.EachStrategyAsync("idle", async store =>
    {
        var where = run.Where(store.Strategy);
        var count = run.Settings.Elections ?? 1000;
        var empty = await Load.RequestsAsync(store, TimeSpan.FromSeconds(5), run.Stop);
        await OursAsync(run, store, where, count, empty);
        foreach (var peer in run.Peers?.Many(store.Strategy, run.Report.Note) ?? [])
            await PeerAsync(run, store, where, count, empty, peer);
    });

    private static async Task OursAsync(Run run, Store store, string where, int count, double? empty)
    {
        void Add(string measure, string unit, params double[] values) => run.Report.Add(new Series($"idle {count}: {measure}", where, Contender.Ours, unit, values));

        await using var many = await ManyElections.StartAsync(run, store, count);
        Add("acquire all", "ms", await many.AcquireAsync());
        await ProcessFigures.RestsAsync(many.Leader.Process, store, TimeSpan.FromSeconds(3), run.Stop);
        var (leader, leaderCpu) = await Load.MeasureAsync(store, many.Leader.Process, run.Settings.Window, run.Stop);
        await many.FollowAsync();
        var (both, followerCpu) = await Load.MeasureAsync(store, many.Follower.Process, run.Settings.Window, run.Stop);
        if (leader is not null)
        {
            Add("requests/s, leader", "1/s", leader.Value - empty!.Value);
            Add("requests/s, follower", "1/s", both!.Value - leader.Value);
        }
        else
        {
            await CallsAsync(run, where, count, "leader", many.Leader);
            await CallsAsync(run, where, count, "follower", many.Follower);
        }
        Add("processor, leader", "%", leaderCpu);
        Add("processor, follower", "%", followerCpu);
        var (heap, workingSet, threads) = await many.Follower.MemoryAsync();
        Add("heap per election, follower", "KB", (heap - many.FollowerBefore.Heap) / count / 1024);
        Add("working set per election, follower", "KB", (workingSet - many.FollowerBefore.WorkingSet) / count / 1024);
        Add("working set, follower", "MB", workingSet / 1048576);
        Add("threads, follower", "", threads);
        var (first, last) = await many.CrashAsync();
        Add("crash, until the first has moved", "ms", first);
        Add("crash, last after first", "ms", last - first);
    }

    private static async Task PeerAsync(Run run, Store store, string where, int count, double? empty, ManyPeer peer)
    {
        void Add(string measure, string unit, double value) => run.Report.Add(new Series($"idle {count}: {measure}", where, peer.Name, unit, [value]));

        await using var leader = peer.Hold(store.Endpoints, run.Lease(store.Strategy), count);
        Add("acquire all", "ms", await leader.AcquiredAsync());
        await ProcessFigures.RestsAsync(leader.Process, store, TimeSpan.FromSeconds(3), run.Stop);
        var (alone, leaderCpu) = await Load.MeasureAsync(store, leader.Process, run.Settings.Window, run.Stop);
        await using var follower = peer.Follow(store.Endpoints, run.Lease(store.Strategy), count);
        await follower.ReadyAsync();
        await ProcessFigures.RestsAsync(follower.Process, store, TimeSpan.FromSeconds(3), run.Stop);
        var (both, followerCpu) = await Load.MeasureAsync(store, follower.Process, run.Settings.Window, run.Stop);
        Add("requests/s, leader", "1/s", alone!.Value - empty!.Value);
        Add("requests/s, follower", "1/s", both!.Value - alone.Value);
        Add("processor, leader", "%", leaderCpu);
        Add("processor, follower", "%", followerCpu);
        var (workingSet, threads) = ProcessFigures.Memory(follower.Process);
        Add("working set, follower", "MB", workingSet);
        Add("threads, follower", "", threads);
        var at = Candidates.Protocol.Now;
        leader.Process.Kill();
        var (first, last) = await follower.AllAsync();
        Add("crash, until the first has moved", "ms", (first - at) / 1e6);
        Add("crash, last after first", "ms", (last - first) / 1e6);
    }

    /// <summary>Where no server counts: what the process asks of its system.</summary>
    private static async Task CallsAsync(Run run, string where, int count, string role, Holder holder)
    {
        if (!SystemCalls.CanCount)
        {
            run.Report.Note($"idle, {where}: nothing counts its requests; strace would (apt-get install strace)");
            return;
        }
        if (await SystemCalls.CountAsync(holder.Process, run.Settings.Window, run.Stop) is not { } calls)
        {
            run.Report.Note($"idle, {where}: nothing counts its requests; strace may not attach to processes here");
            return;
        }
        run.Report.Add(new Series($"idle {count}: system calls/s, {role}", where, Contender.Ours, "1/s", [calls.Values.Sum() / run.Settings.Window.TotalSeconds]));
        run.Report.Note($"idle {count}, {where}, {role}: system calls in {run.Settings.Window.TotalSeconds} s (strace -f -c, without those that only wait): "
            + (calls.Count == 0 ? "none" : string.Join(", ", calls.OrderByDescending(c => c.Value).Select(c => $"{c.Key} {c.Value}"))));
    }
}
