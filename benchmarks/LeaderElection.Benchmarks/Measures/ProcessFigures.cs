using System.Diagnostics;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>What the system knows of a process.</summary>
internal static class ProcessFigures
{
    private const double Quiet = 0.03;

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

    /// <summary>Waits until a process has done what it was told: it uses next to no processor time. One that never rests is waited for to the limit.</summary>
    public static async Task RestsAsync(ChildProcess process, TimeSpan limit, CancellationToken stop)
    {
        var start = TimeProvider.System.GetTimestamp();
        var calm = 0;
        while (calm < 2 && TimeProvider.System.GetElapsedTime(start) < limit)
        {
            var before = CpuTime(process);
            await Task.Delay(Pause, TimeProvider.System, stop);
            calm = (CpuTime(process) - before) / Pause < Quiet ? calm + 1 : 0;
        }
    }
}
