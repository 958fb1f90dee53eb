using LeaderElection.Benchmarks.Stores;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>What the store is asked, and what processes use, while nothing changes.</summary>
internal static class Load
{
    /// <returns>Requests per second at the store; null where it does not count.</returns>
    public static async Task<double?> RequestsAsync(Store store, TimeSpan duration, CancellationToken stop) =>
        (await MeasureAsync(store, null, duration, stop)).Requests;

    /// <returns>Requests per second at the store, and the share of a processor that the process uses, in percent.</returns>
    public static async Task<(double? Requests, double Cpu)> MeasureAsync(Store store, ChildProcess? process, TimeSpan duration, CancellationToken stop)
    {
        var before = await store.RequestsAsync();
        var cpu = process is null ? TimeSpan.Zero : ProcessFigures.CpuTime(process);
        var start = TimeProvider.System.GetTimestamp();
        await Task.Delay(duration, TimeProvider.System, stop);
        var after = await store.RequestsAsync();
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        return ((after - before) / elapsed.TotalSeconds, process is null ? 0 : 100 * ((ProcessFigures.CpuTime(process) - cpu) / elapsed));
    }
}
