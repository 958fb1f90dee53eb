using System.Text.Json;
using System.Text.Json.Serialization;
using LeaderElection.Tests.History;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Chaos;

/// <summary>Runs all strategies at once, tells how it goes, and what came of it.</summary>
internal static class ChaosRunner
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    private static readonly TimeSpan Pulse = TimeSpan.FromMilliseconds(100);

    public static async Task<IReadOnlyList<ChaosReport>> RunAsync(ChaosOptions options, Action<string> print, CancellationToken stop = default)
    {
        print($"chaos: seed {options.Seed}, {options.Duration.TotalMinutes:0.##} min, {string.Join(", ", options.Strategies)}; "
            + $"{options.Candidates} candidates each, lease {options.Lease.TotalSeconds} s; {(options.HasNetworks ? "the kernel drops packets" : "proxies drop packets")}");
        var runs = new List<ChaosRun>();
        try
        {
            if (!RedisServer.CanStepClock && options.Strategies.Contains("redis3"))
                print("no ClockStepped: that needs libfaketime (Debian: faketime)");
            if (!options.HasNetworks)
                print("no ServersCutOff: servers cannot have networks of their own");
            // One after the other: all at once, a small machine would take its time for each.
            foreach (var strategy in options.Strategies)
                runs.Add(await ChaosRun.StartAsync(options, strategy));
            foreach (var run in runs)
                run.Begin();
            await WatchAsync(options, runs, print, stop);
            print("healing everything, and judging…");
            var reports = await Task.WhenAll(runs.Select(r => r.EndAsync()));
            Print(options, reports, print);
            if (options.JsonFile is { } file)
            {
                await File.WriteAllTextAsync(
                    file, JsonSerializer.Serialize(new { options.Seed, Minutes = options.Duration.TotalMinutes, options.Command, Strategies = reports }, Json), CancellationToken.None);
            }
            return reports;
        }
        finally
        {
            await Task.WhenAll(runs.Select(r => r.DisposeAsync().AsTask()));
        }
    }

    /// <summary>Until the time is up. Tells now and then, and notes when the machine has no time for this loop.</summary>
    private static async Task WatchAsync(ChaosOptions options, List<ChaosRun> runs, Action<string> print, CancellationToken stop)
    {
        var start = HistoryEvent.Now;
        var (told, looked) = (start, start);
        var pause = Math.Max(options.Duration.Ticks * 100 / 30, 10_000_000_000);
        while (!stop.IsCancellationRequested && HistoryEvent.Now - start < options.Duration.Ticks * 100 && !runs.Exists(r => r.HasEnded))
        {
            var due = HistoryEvent.Now + (Pulse.Ticks * 100);
            await Task.Delay(Pulse, TimeProvider.System, CancellationToken.None);
            var now = HistoryEvent.Now;
            if (now - due > 200_000_000)
            {
                foreach (var run in runs)
                    run.Stalled(due, now);
            }
            if (options.StopsAtViolation && now - looked > 2_000_000_000)
            {
                if (runs.Exists(r => r.LooksBroken()))
                    return;
                looked = now;
            }
            if (now - told > pause)
            {
                told = now;
                var elapsed = TimeSpan.FromTicks((now - start) / 100);
                print(string.Join(Environment.NewLine, runs.Select(r => $@"{elapsed:hh\:mm\:ss}  {r.Progress}")));
            }
        }
    }

    private static void Print(ChaosOptions options, ChaosReport[] reports, Action<string> print)
    {
        print("");
        print("strategy   leaderships  faults   writes  refused  longest gap  of it unexcused (I4 bound)  hand-overs, slowest (I3 bound)  violations");
        foreach (var r in reports)
        {
            print($"{r.Strategy,-9} {r.Leaderships,12} {r.Faults.Values.Sum(),7} {r.Writes,8} {r.Refused,8} {r.LongestGapMs,9} ms"
                + $" {$"{r.LongestUnexcusedGapMs} ms ({r.BoundMs} ms)",27} {$"{r.HandOvers}, {r.LongestHandOverMs} ms ({r.HandOverBoundMs} ms)",31} {r.Violations.Count,11}");
        }
        print("");
        foreach (var r in reports)
            print($"{r.Strategy,-9} {string.Join(", ", r.Faults.Select(f => $"{f.Key} {f.Value}"))}");
        foreach (var (strategy, violation) in reports.SelectMany(r => r.Violations.Take(3).Select(v => (r.Strategy, v))))
        {
            print("");
            print($"{strategy}: {violation}");
        }
        print("");
        print(reports.All(r => r.Violations is []) ? $"every invariant held; seed {options.Seed}" : $"seed {options.Seed}; run it again: {options.Command}");
    }
}
