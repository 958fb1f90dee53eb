using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Load;

/// <summary>The load runs as a command: <c>./test load</c>, which also has its help.</summary>
internal static class LoadCommand
{
    public const string Name = "load";

    public static Task<int> MainAsync(string[] args) => CommandOptions.RunAsync(Name, args, Parse, (options, stop) => RunAsync(options, Console.WriteLine, stop));

    /// <exception cref="ArgumentException">An option that is not one, in one line.</exception>
    public static LoadOptions Parse(string[] args) => CommandOptions.Parse(args, new LoadOptions(1000, LoadStore.AllStrategies), (options, name, value) => name switch
    {
        "--elections" => options with { Elections = CommandOptions.Whole(name, value, 1, 10_000) },
        "--strategies" => options with { Strategies = CommandOptions.Names(name, value, LoadStore.AllStrategies) },
        "--lease" => options with { Lease = TimeSpan.FromSeconds(CommandOptions.Number(name, value, 2, 60)) },
        _ => throw new ArgumentException($"unknown option '{name}'"),
    });

    private static async Task<bool> RunAsync(LoadOptions options, Action<string> print, CancellationToken stop)
    {
        print($"load: {LoadOptions.Candidates} processes × {options.Elections} elections, lease {options.Lease.TotalSeconds} s: {string.Join(", ", options.Strategies)}");
        var steps = new List<LoadStep>();
        foreach (var strategy in options.Strategies)
        {
            if (!stop.IsCancellationRequested)
                steps.AddRange(await new LoadRun(strategy, options, print).RunAsync(stop));
        }
        Print(options, steps, print);
        return steps.All(s => s.Breaches is []);
    }

    private static void Print(LoadOptions options, List<LoadStep> steps, Action<string> print)
    {
        print("");
        print($"strategy   fault                        without a leader   median  slowest (bound {options.Bound.TotalSeconds:0.0} s)   heap, before and after   working set, before and after");
        foreach (var s in steps)
        {
            print($"{s.Strategy,-9}  {s.Fault,-27} {s.Hit,17} {s.Median.TotalSeconds,6:0.00} s {s.Slowest.TotalSeconds,22:0.00} s "
                + $"{Change(s.Before.Heap, s.After?.Heap),24} {Change(s.Before.WorkingSet, s.After?.WorkingSet),31}");
        }
        print("");
        foreach (var (step, breach) in steps.SelectMany(s => s.Breaches.Select(b => (s, b))))
            print($"{step.Strategy}, {step.Fault}: {breach}");
        print(steps.All(s => s.Breaches is []) ? "all of it held" : "not all of it held");
    }

    private static string Change(long before, long? after) => after is { } bytes ? $"{LoadRun.Megabytes(before)} → {LoadRun.Megabytes(bytes)}" : "";
}
