using System.Globalization;
using System.Runtime.InteropServices;

namespace LeaderElection.Tests.Chaos;

/// <summary>The chaos runs as a command: <c>./test chaos</c>, which also has its help.</summary>
internal static class ChaosCommand
{
    public const string Name = "chaos";

    public static async Task<int> Main(string[] args)
    {
        ChaosOptions options;
        try
        {
            options = Parse(args);
        }
        catch (ArgumentException e)
        {
            await Console.Error.WriteLineAsync($"test: {e.Message}; see ./test chaos --help");
            return 2;
        }
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext signal)
        {
            // The first ends the run in order; a second one ends the process.
            signal.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        var reports = await ChaosRunner.RunAsync(options, Console.WriteLine, stop.Token);
        return reports.All(r => r.Violations is []) ? 0 : 1;
    }

    /// <exception cref="ArgumentException">An option that is not one, in one line.</exception>
    public static ChaosOptions Parse(string[] args)
    {
        var options = new ChaosOptions(TimeSpan.FromMinutes(3), ChaosOptions.NewSeed(), ChaosOptions.AllStrategies);
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"'{args[i]}' is no option, or needs a value");
            options = args[i] switch
            {
                "--minutes" when Number(value) is > 0 and <= 1440 and var minutes => options with { Duration = TimeSpan.FromMinutes(minutes) },
                "--seed" when int.TryParse(value, CultureInfo.InvariantCulture, out var seed) => options with { Seed = seed },
                "--strategies" when value.Split(',') is var names && !names.Except(ChaosOptions.AllStrategies).Any() => options with { Strategies = [.. names.Distinct()] },
                "--candidates" when Number(value) is 3 or 4 or 5 => options with { Candidates = (int)Number(value) },
                "--json" => options with { JsonFile = value },
                "--minutes" => throw new ArgumentException($"--minutes is '{value}'; allowed is a number above 0, at most 1440"),
                "--seed" => throw new ArgumentException($"--seed is '{value}'; it must be a whole number"),
                "--strategies" => throw new ArgumentException($"--strategies is '{value}'; allowed are {string.Join(", ", ChaosOptions.AllStrategies)}"),
                "--candidates" => throw new ArgumentException($"--candidates is '{value}'; allowed is 3 to 5"),
                var unknown => throw new ArgumentException($"unknown option '{unknown}'"),
            };
        }
        return options;
    }

    private static double Number(string text) => double.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;
}
