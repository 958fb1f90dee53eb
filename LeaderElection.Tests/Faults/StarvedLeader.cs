using System.Globalization;
using LeaderElection.Leases;
using LeaderElection.Tests.Conformance;
using LeaderElection.Tests.History;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Faults;

/// <summary>
/// A leader in a process of its own whose thread pool is blocked when the test says so. It never looks at the clock: it waits
/// for its token on the one thread that it has.
/// </summary>
internal static class StarvedLeader
{
    public const string Command = "starve";

    /// <summary>Blocked until the process ends.</summary>
    private const int BlockedItems = 500;

    /// <summary>The thread that waits may be woken late, on a slow machine by that much.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(0.7);

    /// <summary>Starts one; it prints LEADS once it does.</summary>
    public static async Task<ChildProcess> StartAsync(string strategy, string endpoint, TimeSpan lease)
    {
        var process = ChildProcess.Start(
            "dotnet", [typeof(StarvedLeader).Assembly.Location, Command, strategy, endpoint, $"{lease.TotalMilliseconds}"], keepsInput: true);
        await process.WaitForLineAsync("LEADS");
        return process;
    }

    /// <summary>
    /// <c>block</c> blocks the pool; <c>cut</c> has every request fail as well. Then it prints LOST with the machine's time at
    /// which the token was cancelled; and for each line that comes what was logged of the pool.
    /// </summary>
    public static int Main(string[] args)
    {
        var isCut = false;
        var log = new LineLogger();
        var backend = CandidateBackend.Create(
            args[1], args[2], "m0", TimeSpan.FromMilliseconds(double.Parse(args[3], CultureInfo.InvariantCulture)), isCutOffFrom: _ => Volatile.Read(ref isCut),
            configure: options =>
            {
                options.SafetyMargin = Margin;
                // Often, so that a slow machine does not lose the lease before its time.
                options.RenewInterval ??= TimeSpan.FromSeconds(0.4);
                options.BeforeRequest = _ => Volatile.Read(ref isCut) ? throw new ElectionStoreException("cut off by the test", isTransient: true) : default;
            },
            log: log);
        var leadership = Task.Run(() => backend.CreateElection("e", "starved").CampaignAsync().AsTask()).GetAwaiter().GetResult();
        Console.WriteLine($"LEADS {leadership.FencingToken}");
        isCut = Console.ReadLine() == "cut";
        using var never = new ManualResetEventSlim();
        for (var i = 0; i < BlockedItems; i++)
            ThreadPool.UnsafeQueueUserWorkItem(static never => ((ManualResetEventSlim)never!).Wait(), never);
        Console.WriteLine("BLOCKED");
        leadership.Lost.WaitHandle.WaitOne();
        Console.WriteLine($"LOST {HistoryEvent.Now}");
        while (Console.ReadLine() is not null)
            Console.WriteLine($"LOG {string.Join(" | ", log.Lines.Where(line => line.Contains("for a thread of the pool", StringComparison.Ordinal)))}");
        return 0;
    }
}
