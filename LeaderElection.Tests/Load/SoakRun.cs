using LeaderElection.Tests.History;

namespace LeaderElection.Tests.Load;

/// <summary>One strategy under a light load for long: leaders resign all the time, and the store is restarted now and then.</summary>
internal sealed class SoakRun(string strategy, SoakOptions options, LoadStore store, LoadCandidates candidates) : IAsyncDisposable
{
    private readonly List<(TimeSpan At, Measurement Taken)> _samples = [];
    private readonly List<string> _leaderless = [];

    public string Strategy => strategy;

    public int Restarts { get; private set; }

    public IReadOnlyList<(TimeSpan At, Measurement Taken)> Samples => _samples;

    public string Progress => candidates.Led() is var led && _samples is [.., var (_, last)]
        ? $"{strategy,-9} {candidates.Terms,7} leaderships, {led,4} led, heap {LoadRun.Megabytes(last.Heap)}, working set {LoadRun.Megabytes(last.WorkingSet)}, {last.Handles} handles, {last.Threads} threads"
        : strategy;

    public static async Task<SoakRun> StartAsync(string strategy, SoakOptions options)
    {
        var store = await LoadStore.StartAsync(strategy, SoakOptions.Candidates, options.Lease);
        var run = new SoakRun(strategy, options, store, new LoadCandidates(store, options.Elections, options.Lease, options.LongestTerm));
        try
        {
            await run.StartAsync();
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    public async Task SampleAsync(TimeSpan at)
    {
        _samples.Add((at, await candidates.MeasureAsync()));
        var limit = SoakOptions.LongestLeaderless;
        if (at > limit && candidates.Leaderless(HistoryEvent.Now - (limit.Ticks * TimeSpan.NanosecondsPerTick)) is > 0 and var count)
            _leaderless.Add($@"{count} elections had no leader for {limit.TotalSeconds} s or more, seen after {at:hh\:mm\:ss}");
    }

    /// <summary>A light fault: the server is restarted; for raft a member is frozen for a moment, for a new process would not tell of growth.</summary>
    public async Task RestartAsync()
    {
        Restarts++;
        if (store.HasServer)
        {
            await store.StopAsync();
            try
            {
                await store.StartAsync();
            }
            catch (TimeoutException)
            {
                // It runs, and serves when a busy machine lets it.
            }
            return;
        }
        var member = candidates.Foremost();
        member.Freeze();
        await Task.Delay(options.Lease * 1.5, TimeProvider.System);
        member.Continue();
    }

    /// <summary>Ends the processes in order.</summary>
    /// <returns>How many leaderships there were, and what should not have been.</returns>
    public async Task<(int Leaderships, IReadOnlyList<string> Breaches)> EndAsync()
    {
        if (!await candidates.AllLedAsync(SoakOptions.LongestLeaderless))
            _leaderless.Add($"{options.Elections - candidates.Led()} elections had no leader at the end");
        await candidates.EndAsync();
        return (candidates.Terms, [.. candidates.Violations().Take(5), .. candidates.Failures.Take(5), .. _leaderless.Take(5)]);
    }

    public async ValueTask DisposeAsync()
    {
        await candidates.DisposeAsync();
        await store.DisposeAsync();
    }

    private Task StartAsync() => candidates.StartAsync(SoakOptions.Candidates);
}
