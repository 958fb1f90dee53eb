using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Load;

/// <summary>The soak run as a command: <c>./test soak</c>, which also has its help.</summary>
internal static class SoakCommand
{
    public const string Name = "soak";

    public static Task<int> MainAsync(string[] args) =>
        CommandOptions.RunAsync(Name, args, Parse, (options, stop) => SoakRunner.RunAsync(options, Console.WriteLine, stop));

    /// <exception cref="ArgumentException">An option that is not one, in one line.</exception>
    public static SoakOptions Parse(string[] args) =>
        CommandOptions.Parse(args, new SoakOptions(TimeSpan.FromMinutes(20), LoadStore.AllStrategies), (options, name, value) => name switch
        {
            "--minutes" => options with { Duration = TimeSpan.FromMinutes(CommandOptions.Number(name, value, 0.1, 1440)) },
            "--elections" => options with { Elections = CommandOptions.Whole(name, value, 1, 10_000) },
            "--strategies" => options with { Strategies = CommandOptions.Names(name, value, LoadStore.AllStrategies) },
            _ => throw new ArgumentException($"unknown option '{name}'"),
        });
}
