using LeaderElection.Benchmarks.Peers;
using LeaderElection.Benchmarks.Reports;
using LeaderElection.Benchmarks.Stores;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>One call of the tool.</summary>
internal sealed class Run(RunSettings settings, PeerFolder? peers, Report report, CancellationToken stop)
{
    public RunSettings Settings => settings;

    public PeerFolder? Peers => peers;

    public Report Report => report;

    public CancellationToken Stop => stop;

    /// <summary>Whether a strategy could not be measured as asked.</summary>
    public bool HasFailed { get; set; }

    /// <summary>Measures each strategy, on a store that is started for it.</summary>
    public async Task EachStrategyAsync(string measure, Func<Store, Task> measureAsync)
    {
        foreach (var strategy in settings.Strategies)
        {
            if (settings.Endpoints.GetValueOrDefault(strategy) is null && StoreCatalog.Missing(strategy) is { } line)
            {
                report.Note($"{strategy} is not measured: its server is not on this machine ({line})");
                continue;
            }
            var where = Where(strategy);
            try
            {
                await using var store = await StoreCatalog.StartAsync(strategy, settings.Endpoints.GetValueOrDefault(strategy), settings.Members, settings.Flushes);
                report.Store(where, store.Description);
                await measureAsync(store);
            }
            catch (Exception e) when (!stop.IsCancellationRequested && e is MeasureException or TimeoutException or InvalidOperationException or IOException)
            {
                HasFailed = true;
                report.Note($"{measure}, {where}: FAILED. {e.Message}");
            }
        }
    }

    /// <summary>The strategy, with its number of servers where that is not one.</summary>
    public string Where(string strategy) =>
        settings.Members > 1 && strategy is ("etcd" or "zookeeper") ? $"{strategy} {settings.Members}" : strategy;

    /// <summary>Those whose candidates take part: ours, and with <c>--peers</c> the peers.</summary>
    public IReadOnlyList<Contender> Contenders(string strategy) =>
        [OurProcess.Candidate(strategy), .. peers?.Candidates(strategy, report.Note) ?? []];

    public TimeSpan Lease(string strategy) => settings.Lease ?? TimeSpan.FromSeconds(strategy == "raft" ? 0.15 : 5);
}
