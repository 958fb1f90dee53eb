using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Races;

/// <summary>Interleavings as a command: <c>./test --races</c>, which also has its help.</summary>
internal static class RacesCommand
{
    public const string Name = "--races";

    /// <summary>What the runtime is told at the start: idle threads that spin would look as if they ran.</summary>
    public static IReadOnlyList<KeyValuePair<string, string?>> Environment { get; } = [new("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0")];

    public static Task<int> MainAsync(string[] args) =>
        CommandOptions.RunAsync(Name, args, Parse, (options, stop) => RacesRunner.RunAsync(options, Console.WriteLine, stop));

    /// <exception cref="ArgumentException">An option that is not one, in one line.</exception>
    public static RacesOptions Parse(string[] args) =>
        CommandOptions.Parse(args, new RacesOptions(TimeSpan.FromMinutes(3), Random.Shared.Next(1, 1_000_000), RacesOptions.AllStrategies), (options, name, value) => name switch
        {
            "--minutes" => options with { Duration = TimeSpan.FromMinutes(CommandOptions.Number(name, value, 0.01, 1440)) },
            "--seed" => options with { Seed = CommandOptions.Whole(name, value, 1, int.MaxValue) },
            "--strategies" => options with { Strategies = CommandOptions.Names(name, value, RacesOptions.AllStrategies) },
            "--interleavings" => options with { Interleavings = CommandOptions.Whole(name, value, 1, int.MaxValue) },
            "--times" => options with { Times = CommandOptions.Whole(name, value, 1, int.MaxValue) },
            _ => throw new ArgumentException($"unknown option '{name}'"),
        });
}
