using System.Collections.Concurrent;

namespace LeaderElection.Tests.Races;

/// <summary>Runs interleavings by their seeds in a process of their own, and tells of the first that fails on each strategy.</summary>
internal static class RacesRunner
{
    /// <summary>How many between two collections, which tell of what nobody observed.</summary>
    private const int Batch = 100;

    /// <summary>Pools of connections, threads and buffers come with the first.</summary>
    private const int WarmUp = 20;

    public static async Task<bool> RunAsync(RacesOptions options, Action<string> print, CancellationToken stop)
    {
        // Each step that waits for its turn holds a thread.
        ThreadPool.SetMinThreads(500, 50);
        var unobserved = new ConcurrentQueue<string>();
        TaskScheduler.UnobservedTaskException += (_, e) => unobserved.Enqueue(e.Exception.ToString());
        var isFine = true;
        foreach (var strategy in options.Strategies)
        {
            if (stop.IsCancellationRequested)
                break;
            await using var run = await RaceRun.StartAsync(strategy);
            isFine &= Run(run, options, unobserved, print, stop);
        }
        print(isFine ? "all of it held" : "not all of it held");
        return isFine;
    }

    private static bool Run(RaceRun run, RacesOptions options, ConcurrentQueue<string> unobserved, Action<string> print, CancellationToken stop)
    {
        var start = TimeProvider.System.GetTimestamp();
        var limit = options.Duration / options.Strategies.Count;
        var places = new HashSet<int>();
        var traces = new HashSet<int>();
        var backends = new List<WeakReference>();
        var (count, steps, descriptors) = (0, 0L, 0);
        while (count / options.Times < options.Interleavings && !stop.IsCancellationRequested && TimeProvider.System.GetElapsedTime(start) < limit)
        {
            var seed = options.Seed + (count++ / options.Times);
            var result = run.Run(seed);
            steps += result.Steps;
            traces.Add(result.Trace);
            if (result.At <= result.Steps)
                places.Add(result.At);
            if (result.Wrong is { } wrong)
                return Failed($"seed {seed}, {result.Target} before step {result.At} of {result.Steps}: {wrong}", seed, 1);
            backends.AddRange(result.Backends);
            if (count == WarmUp)
                descriptors = Descriptors();
            if (count % Batch == 0 && Left() is { } left)
                return Failed(left, seed - Batch + 1, Batch);
        }
        if (Left() is { } last)
            return Failed(last, options.Seed, count);
        print(FormattableString.Invariant(
            $"{run.Strategy,-9} {count,6} interleavings of {steps / Math.Max(1, count)} steps, {traces.Count} of them different, disposed at {places.Count} places, seeds {options.Seed} to {options.Seed + ((count - 1) / options.Times)}, {TimeProvider.System.GetElapsedTime(start).TotalSeconds:0.0} s"));
        return true;

        bool Failed(string what, int seed, int replayed)
        {
            print($"{run.Strategy}: {what}");
            print($"  again: ./test --races --strategies {run.Strategy} --seed {seed} --interleavings {replayed}");
            return false;
        }

        string? Left()
        {
            Collect();
            if (unobserved.TryDequeue(out var exception))
                return $"nobody observed {exception}";
            backends.RemoveAll(backend => !backend.IsAlive);
            // Those of the last interleaving may still be in a register, or in a timer that was cancelled.
            if (backends.Count > 4)
                return $"{backends.Count} disposed backends are still referred to";
            return descriptors > 0 && Descriptors() - descriptors is > 5 and var more ? $"{more} descriptors were left open" : null;
        }
    }

    private static void Collect()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private static int Descriptors() => Directory.Exists("/proc/self/fd") ? Directory.GetFileSystemEntries("/proc/self/fd").Length : 0;
}
