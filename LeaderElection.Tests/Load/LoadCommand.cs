namespace LeaderElection.Tests.Load;

/// <summary>The load runs as a command: <c>./test load</c>.</summary>
internal static class LoadCommand
{
    public const string Name = "load";

    private const string Help = """
        Usage: ./test load [--elections N] [--strategies NAME,…] [--lease SECONDS]

        For each strategy a real server and three processes, each a candidate in the same N elections. The process that leads
        most is killed, the server restarted, then taken away for 1.5 leases, and the process that leads most frozen for longer
        than the lease and thawed. After each, every election must have exactly one leader within the lease + 1 s, and the
        memory must be back where it was; no exception may stay unobserved (docs/reliability.md).
        Exits with 0 when all of that held, else with 1.

          --elections N       how many (default 1000)
          --strategies NAME   of file, redis, redis3, etcd, zookeeper, raft (default: all)
          --lease SECONDS     from 2 to 60 (default 3)
        """;

    public static Task<int> Main(string[] args) => CommandOptions.RunAsync(Name, Help, args, Parse, (options, stop) => RunAsync(options, Console.WriteLine, stop));

    /// <exception cref="ArgumentException">An option that is not one, in one line.</exception>
    public static LoadOptions Parse(string[] args) => CommandOptions.Parse(args, new LoadOptions(1000, LoadStore.AllStrategies), (options, name, value) => name switch
    {
        "--elections" => options with { Elections = (int)CommandOptions.Number(name, value, 1, 10_000) },
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
