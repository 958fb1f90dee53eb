namespace LeaderElection.Tests.Load;

/// <summary>Runs all strategies at once, tells how it goes, and whether anything grew.</summary>
internal static class SoakRunner
{
    public static async Task<bool> RunAsync(SoakOptions options, Action<string> print, CancellationToken stop = default)
    {
        print($"soak: {options.Duration.TotalMinutes:0.##} minutes, of which {options.WarmUp.TotalMinutes:0.##} warm-up; {SoakOptions.Candidates} processes × {options.Elections} elections each on {string.Join(", ", options.Strategies)}");
        var runs = new List<SoakRun>();
        try
        {
            foreach (var strategy in options.Strategies)
                runs.Add(await SoakRun.StartAsync(strategy, options));
            await WatchAsync(options, runs, print, stop);
            var isFine = true;
            foreach (var run in runs)
                isFine &= await JudgeAsync(options, run, print);
            print(isFine ? "nothing grew beyond its bound, no exception was unobserved, no election stayed without a leader, none had two, tokens grew" : "not all of it held");
            return isFine;
        }
        finally
        {
            foreach (var run in runs)
                await run.DisposeAsync();
        }
    }

    private static async Task WatchAsync(SoakOptions options, List<SoakRun> runs, Action<string> print, CancellationToken stop)
    {
        var start = TimeProvider.System.GetTimestamp();
        // In turn, and the first soon: so the warm-up has seen each of them.
        var (turn, told, restarting) = (0, TimeSpan.Zero, Task.CompletedTask);
        var every = options.RestartInterval / runs.Count;
        while (!stop.IsCancellationRequested && TimeProvider.System.GetElapsedTime(start) is var elapsed && elapsed < options.Duration)
        {
            foreach (var run in runs)
                await run.SampleAsync(elapsed);
            if (elapsed - told >= TimeSpan.FromMinutes(1) || told == TimeSpan.Zero)
            {
                told = elapsed;
                print(string.Join(Environment.NewLine, runs.Select(r => $@"{elapsed:hh\:mm\:ss}  {r.Progress}")));
            }
            if (elapsed >= every * (turn + 1) && restarting.IsCompleted)
            {
                await restarting;
                restarting = runs[turn++ % runs.Count].RestartAsync();
            }
            await Task.Delay(options.SampleInterval, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await restarting;
    }

    private static async Task<bool> JudgeAsync(SoakOptions options, SoakRun run, Action<string> print)
    {
        var (leaderships, breaches) = await run.EndAsync();
        var wrong = new List<string>(breaches);
        var counted = run.Samples.Where(s => s.At >= options.WarmUp).ToArray();
        print("");
        print($"{run.Strategy}: {leaderships} leaderships, {run.Restarts} {(run.Strategy == "raft" ? "members frozen" : "restarts")}, {counted.Length} samples");
        print("               after warm-up         end      slope per hour    bound");
        foreach (var (figure, of) in SoakFigure.All)
        {
            if (counted.Length == 0)
                break;
            var (from, to, slope) = figure.Judge([.. counted.Select(s => (s.At.TotalHours, of(s.Taken)))]);
            var most = (from * (1 + figure.Allowed.Part)) + figure.Allowed.Something;
            print(FormattableString.Invariant($"  {figure.Name,-12} {from,13:0.0} {to,11:0.0} {slope,15:+0.0;-0.0;0.0} {most,12:0.0}{(figure.Unit > 1 ? " MB" : "")}"));
            if (figure.Grows(from, to))
                wrong.Add(FormattableString.Invariant($"{figure.Name} grew from {from:0.0} to {to:0.0}; at most {most:0.0} is allowed"));
        }
        foreach (var breach in wrong)
            print($"  {breach}");
        return wrong.Count == 0 && counted.Length > 0;
    }
}
