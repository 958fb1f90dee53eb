using System.Runtime.InteropServices;

namespace LeaderElection.Leases;

/// <summary>
/// The system's time, by a clock that goes on while the machine is suspended: a lease runs out meanwhile at the store, so
/// it has to here.
/// </summary>
/// <remarks>
/// On Linux <c>CLOCK_BOOTTIME</c>, on macOS <c>CLOCK_MONOTONIC</c>: what <see cref="TimeProvider.System"/> reads there
/// (<c>CLOCK_MONOTONIC</c>, <c>CLOCK_UPTIME_RAW</c>) stands still. On Windows it is <see cref="TimeProvider.System"/>, whose
/// performance counter goes on. Elsewhere it is that as well, and stands still if that does. Timers are the system's.
/// </remarks>
internal sealed partial class SystemTime : TimeProvider
{
    private const int ClockBootTime = 7;
    private const int MacClockMonotonic = 6;

    private readonly Func<long> _nanoseconds;

    private SystemTime(Func<long> nanoseconds) => _nanoseconds = nanoseconds;

    /// <summary>The one there is.</summary>
    public static TimeProvider Instance { get; } = Create();

    public override long TimestampFrequency => 1_000_000_000;

    /// <summary>What is meant when nothing, or the system's time, was given.</summary>
    public static TimeProvider Or(TimeProvider? time) => time is null || time == System ? Instance : time;

    /// <summary>Whether it is the time of the system, and not a test's or a program's own.</summary>
    public static bool Is(TimeProvider time) => time == System || time == Instance;

    public override long GetTimestamp() => _nanoseconds();

    private static TimeProvider Create()
    {
        Func<long>? clock = OperatingSystem.IsLinux() && Environment.Is64BitProcess ? BootTime
            : OperatingSystem.IsMacOS() ? MacMonotonic
            : null;
        try
        {
            return clock?.Invoke() > 0 ? new SystemTime(clock) : System;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return System;
        }
    }

    /// <returns>0 where the kernel does not know that clock.</returns>
    private static long BootTime() => GetTime(ClockBootTime, out var time) == 0 ? (time.Seconds * 1_000_000_000) + time.Nanoseconds : 0;

    private static long MacMonotonic() => (long)GetMacTime(MacClockMonotonic);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpecification time);

    [LibraryImport("libc", EntryPoint = "clock_gettime_nsec_np")]
    private static partial ulong GetMacTime(int clock);

    /// <summary>C's <c>struct timespec</c> of 64 bits.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpecification
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
