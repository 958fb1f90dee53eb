using System.Globalization;

namespace LeaderElection.Tests.Raft;

/// <summary>Runs simulations by their seeds, and tells of the first that fails.</summary>
internal static class Simulator
{
    /// <summary>Runs many.</summary>
    /// <returns>What failed, shrunk, with the command that replays it; <see langword="null"/> when nothing did.</returns>
    public static string? Run(int firstSeed, int count, Defect defect = Defect.None, Action<int>? progress = null)
    {
        for (var i = 0; i < count; i++)
        {
            var scenario = Scenario.Create(firstSeed + i, defect);
            if (new Simulation(scenario).Run() is { } violation)
                return Explain(scenario, violation);
            progress?.Invoke(i + 1);
        }
        return null;
    }

    /// <summary><c>simulate COUNT [FIRST-SEED]</c> runs many; <c>replay SEED [DEFECT]</c> shows one, shrunk if it fails.</summary>
    public static int Main(string[] args)
    {
        if (args is ["replay", var seed, ..])
            return Replay(Scenario.Create(int.Parse(seed, CultureInfo.InvariantCulture), args.Length > 2 ? Enum.Parse<Defect>(args[2]) : Defect.None));
        var count = int.Parse(args[1], CultureInfo.InvariantCulture);
        var first = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 1;
        var failure = Run(first, count, progress: done =>
        {
            if (done % 10_000 == 0)
                Console.WriteLine($"{done} runs");
        });
        Console.WriteLine(failure ?? $"{count} runs from seed {first}: every invariant held");
        return failure is null ? 0 : 1;
    }

    private static int Replay(Scenario scenario)
    {
        var violation = new Simulation(scenario).Run();
        if (violation is not null)
            scenario = scenario.Shrink(violation.Invariant);
        Console.WriteLine(scenario);
        violation = new Simulation(scenario, Console.WriteLine).Run();
        Console.WriteLine(violation?.ToString() ?? "every invariant held");
        return violation is null ? 0 : 1;
    }

    private static string Explain(Scenario scenario, Violation violation)
    {
        var shrunk = scenario.Shrink(violation.Invariant);
        var suffix = scenario.Defect == Defect.None ? "" : $" {scenario.Defect}";
        return $"""
            seed {scenario.Seed} violates {violation}
            shrunk to {shrunk.Faults.Length} of {scenario.Faults.Length} faults: {new Simulation(shrunk).Run()}
            {shrunk}
            replay: dotnet run -c Release --project LeaderElection.Tests -- replay {scenario.Seed}{suffix}
            """;
    }
}
