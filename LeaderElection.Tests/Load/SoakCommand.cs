namespace LeaderElection.Tests.Load;

/// <summary>The soak run as a command: <c>./test soak</c>.</summary>
internal static class SoakCommand
{
    public const string Name = "soak";

    private const string Help = """
        Usage: ./test soak [--minutes N] [--elections N] [--strategies NAME,…]

        For each strategy, all at once, a real server and three processes, each a candidate in N elections. Leaders resign all
        the time and campaign again, observers come and go, and each server is restarted (raft: a member frozen) every four
        minutes. Every ten seconds the managed heap after a collection, working set, handles and threads of all processes are
        taken. Exits with 1 when one of them grew beyond its bound from the end of the warm-up (5 minutes, at most a quarter)
        to the end, when an exception stayed unobserved, two led at a time or a token did not grow; else with 0.

          --minutes N         for how long (default 20; fractions are allowed)
          --elections N       how many (default 100)
          --strategies NAME   of file, redis, redis3, etcd, zookeeper, raft (default: all)
        """;

    public static Task<int> Main(string[] args) =>
        CommandOptions.RunAsync(Name, Help, args, Parse, (options, stop) => SoakRunner.RunAsync(options, Console.WriteLine, stop));

    /// <exception cref="ArgumentException">An option that is not one, in one line.</exception>
    public static SoakOptions Parse(string[] args) =>
        CommandOptions.Parse(args, new SoakOptions(TimeSpan.FromMinutes(20), LoadStore.AllStrategies), (options, name, value) => name switch
        {
            "--minutes" => options with { Duration = TimeSpan.FromMinutes(CommandOptions.Number(name, value, 0.1, 1440)) },
            "--elections" => options with { Elections = (int)CommandOptions.Number(name, value, 1, 10_000) },
            "--strategies" => options with { Strategies = CommandOptions.Names(name, value, LoadStore.AllStrategies) },
            _ => throw new ArgumentException($"unknown option '{name}'"),
        });
}
