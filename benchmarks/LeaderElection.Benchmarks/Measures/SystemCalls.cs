using System.Globalization;
using LeaderElection.Benchmarks.Stores;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>What a process asks of the system, counted by strace: for strategies whose store has no counters.</summary>
internal static class SystemCalls
{
    /// <summary>Waiting and waking up within the process, and the tracer's own traces.</summary>
    private static readonly string[] Inner = ["futex", "epoll_wait", "epoll_pwait", "restart_syscall", "sched_yield", "madvise", "mprotect", "clock_nanosleep", "rt_sigreturn"];

    public static bool CanCount => StoreCatalog.OnPath("strace");

    /// <returns>Calls by name, without those that only wait; null where strace may not attach.</returns>
    public static async Task<IReadOnlyDictionary<string, double>?> CountAsync(ChildProcess process, TimeSpan duration, CancellationToken stop)
    {
        await using var strace = ChildProcess.Start("strace", ["-f", "-c", "-p", $"{process.Id}"]);
        try
        {
            await strace.WaitForLineAsync("attached");
        }
        catch (TimeoutException)
        {
            return null;
        }
        await Task.Delay(duration, TimeProvider.System, stop);
        strace.Interrupt();
        await strace.WaitForExitAsync();
        // % time, seconds, usecs/call, calls, errors if any, name
        return strace.StandardError
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(cells => cells.Length is 5 or 6 && int.TryParse(cells[3], CultureInfo.InvariantCulture, out _))
            .Select(cells => (Name: cells[^1], Calls: double.Parse(cells[3], CultureInfo.InvariantCulture)))
            .Where(call => call.Name != "total" && !Inner.Contains(call.Name))
            .ToDictionary(call => call.Name, call => call.Calls);
    }
}
