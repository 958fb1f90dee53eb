using System.Diagnostics;
using LeaderElection.Benchmarks.Stores;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>What the system knows of a process.</summary>
internal static class ProcessFigures
{
    private const double Quiet = 0.03;

    /// <summary>Requests in a pause; a busy machine may keep a process from running, but not from having requests under way.</summary>
    private const double FewRequests = 10;

    private const int CalmPauses = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static (double WorkingSetMb, int Threads) Memory(ChildProcess process)
    {
        using var found = Process.GetProcessById(process.Id);
        return (found.WorkingSet64 / 1048576.0, found.Threads.Count);
    }

    public static TimeSpan CpuTime(ChildProcess process)
    {
        using var found = Process.GetProcessById(process.Id);
        return found.TotalProcessorTime;
    }

    /// <summary>
    /// Waits until a process has done what it was told: it uses next to no processor time, and the store gets next to no
    /// requests. One that never rests is waited for to the limit.
    /// </summary>
    public static async Task RestsAsync(ChildProcess process, Store store, TimeSpan limit, CancellationToken stop)
    {
        var start = TimeProvider.System.GetTimestamp();
        var calm = 0;
        while (calm < CalmPauses && TimeProvider.System.GetElapsedTime(start) < limit)
        {
            var before = CpuTime(process);
            var requests = await store.RequestsAsync();
            await Task.Delay(Pause, TimeProvider.System, stop);
            var isCalm = (CpuTime(process) - before) / Pause < Quiet && !(await store.RequestsAsync() - requests > FewRequests);
            calm = isCalm ? calm + 1 : 0;
        }
    }
}
