using System.Globalization;

namespace LeaderElection.Tests.Load;

/// <summary>What a process takes, after a collection of everything that may go.</summary>
/// <param name="Heap">Bytes on the managed heap.</param>
/// <param name="WorkingSet">Bytes of it in memory.</param>
/// <param name="Handles">Open file descriptors.</param>
/// <param name="Threads">Its threads.</param>
/// <param name="Failures">Exceptions that nobody saw, since its start.</param>
internal sealed record Measurement(long Heap, long WorkingSet, int Handles, int Threads, int Failures)
{
    public const string Prefix = "measured ";

    public static Measurement Here(ref int failures)
    {
        // Twice: what a finalizer lets go of is collected only then, and tasks that failed unseen tell so.
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        GC.Collect();
        return new Measurement(
            GC.GetTotalMemory(forceFullCollection: false), Environment.WorkingSet,
            Directory.GetFileSystemEntries("/proc/self/fd").Length, Directory.GetDirectories("/proc/self/task").Length, Volatile.Read(ref failures));
    }

    public static Measurement Parse(string line) => line[Prefix.Length..].Split(' ') is [var heap, var set, var handles, var threads, var failures]
        ? new Measurement(Number(heap), Number(set), (int)Number(handles), (int)Number(threads), (int)Number(failures))
        : throw new FormatException(line);

    public static Measurement operator +(Measurement a, Measurement b) =>
        new(a.Heap + b.Heap, a.WorkingSet + b.WorkingSet, a.Handles + b.Handles, a.Threads + b.Threads, a.Failures + b.Failures);

    public override string ToString() => FormattableString.Invariant($"{Prefix}{Heap} {WorkingSet} {Handles} {Threads} {Failures}");

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
