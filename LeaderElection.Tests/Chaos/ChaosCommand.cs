using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Chaos;

/// <summary>The chaos runs as a command: <c>./test chaos</c>, which also has its help.</summary>
internal static class ChaosCommand
{
    public const string Name = "chaos";

    public static Task<int> MainAsync(string[] args) => CommandOptions.RunAsync(Name, args, Parse, async (options, stop) =>
        (await ChaosRunner.RunAsync(options, Console.WriteLine, stop)).All(r => r.Violations is []));

    /// <exception cref="ArgumentException">An option that is not one, in one line.</exception>
    public static ChaosOptions Parse(string[] args) => CommandOptions.Parse(
        args, new ChaosOptions(TimeSpan.FromMinutes(3), ChaosOptions.NewSeed(), ChaosOptions.AllStrategies), (options, name, value) => name switch
        {
            "--minutes" => options with { Duration = TimeSpan.FromMinutes(CommandOptions.Number(name, value, 0.1, 1440)) },
            "--seed" => options with { Seed = CommandOptions.Whole(name, value, int.MinValue, int.MaxValue) },
            "--strategies" => options with { Strategies = CommandOptions.Names(name, value, ChaosOptions.AllStrategies) },
            "--faults" => options with { Faults = [.. CommandOptions.Names(name, value, Enum.GetNames<ChaosFault>()).Select(Enum.Parse<ChaosFault>)] },
            "--candidates" => options with { Candidates = CommandOptions.Whole(name, value, 3, 5) },
            "--network" => options with { HasNetworks = Network(value) },
            "--json" => options with { JsonFile = value },
            _ => throw new ArgumentException($"unknown option '{name}'"),
        });

    private static bool Network(string value) => value switch
    {
        "own" when NetworkNamespace.IsPossible => true,
        "own" => throw new ArgumentException("--network own needs root on Linux, and the programs ip and nsenter"),
        "loopback" => false,
        _ => throw new ArgumentException($"--network is '{value}'; allowed are own, loopback"),
    };
}
