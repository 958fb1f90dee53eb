using System.Globalization;

namespace LeaderElection.Benchmarks.Candidates;

/// <summary>What a measured process prints: a word, and the wall clock at that moment in nanoseconds.</summary>
internal static class Protocol
{
    private static readonly Lock Output = new();

    public static long Now => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    public static void Say(string what) => Say(what, Now);

    public static void Say(string what, long at) => Line(string.Create(CultureInfo.InvariantCulture, $"{what} {at}"));

    public static void Line(string text)
    {
        lock (Output)
        {
            Console.Out.WriteLine(text);
            Console.Out.Flush();
        }
    }
}
