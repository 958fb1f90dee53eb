using System.Globalization;

namespace LeaderElection.Tests.Processes;

/// <summary>What the commands have in common: options in pairs, and an end in order at Ctrl+C.</summary>
internal static class CommandOptions
{
    /// <summary>Runs a command.</summary>
    /// <returns>Its exit code; 2 when an option is wrong, which is told in one line.</returns>
    public static async Task<int> RunAsync<T>(string name, string[] args, Func<string[], T> parse, Func<T, CancellationToken, Task<bool>> run)
    {
        T options;
        try
        {
            options = parse(args);
        }
        catch (ArgumentException e)
        {
            await Console.Error.WriteLineAsync($"test: {e.Message}; see ./test {name} --help");
            return 2;
        }
        using var stop = new StopSignals();
        return await run(options, stop.Token) ? 0 : 1;
    }

    /// <summary>Takes options in pairs of name and value.</summary>
    /// <exception cref="ArgumentException">An option without a value.</exception>
    public static T Parse<T>(string[] args, T options, Func<T, string, string, T> take)
    {
        for (var i = 0; i < args.Length; i += 2)
            options = take(options, args[i], i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"'{args[i]}' is no option, or needs a value"));
        return options;
    }

    public static double Number(string name, string value, double from, double to) =>
        double.TryParse(value, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to
            ? number
            : throw new ArgumentException(FormattableString.Invariant($"{name} is '{value}'; allowed is a number from {from} to {to}"));

    public static int Whole(string name, string value, int from, int to) =>
        int.TryParse(value, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to
            ? number
            : throw new ArgumentException(FormattableString.Invariant($"{name} is '{value}'; allowed is a whole number from {from} to {to}"));

    public static IReadOnlyList<string> Names(string name, string value, IReadOnlyList<string> allowed) =>
        value.Split(',') is var names && !names.Except(allowed).Any()
            ? [.. names.Distinct()]
            : throw new ArgumentException($"{name} is '{value}'; allowed are {string.Join(", ", allowed)}");
}
