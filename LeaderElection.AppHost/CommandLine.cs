using System.Globalization;

namespace LeaderElection.AppHost;

/// <summary>Reads the arguments; a wrong one is a <see cref="FormatException"/> whose message is one line for the user.</summary>
internal static class CommandLine
{
    private static readonly TimeSpan ShortestLease = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ShortestEtcdLease = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestLease = TimeSpan.FromHours(1);

    private const int FewestMembers = 3;

    // What the Aspire CLI hands to an AppHost.
    private static readonly HashSet<string> OfAspire = ["--operation", "--step", "--publisher", "--output-path", "--log-level", "--environment", "--include-exception-details"];

    public static AppHostOptions Parse(string[] args)
    {
        var options = new AppHostOptions();
        var rest = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            var (name, value) = Split(args[i]);
            options = name switch
            {
                "--strategies" => options with { Strategies = Strategies(Value()) },
                "--replicas" => options with { Replicas = Number("--replicas", Value(), 1, 9) },
                "--stores" => options with { Stores = Stores(Value()) },
                "--board-port" => options with { BoardPort = Number("--board-port", Value(), 0, 65535) is > 0 and var port ? port : null },
                "--lease-duration" => options with { LeaseDuration = Lease(Value()) },
                "--scenario" => options with { Scenario = Scenario(Value()) },
                "--data-dir" => options with { DataDirectory = Path.GetFullPath(Value()) },
                _ => LeaveToAspire(),
            };

            // The value of this option: after "=", or the next word.
            string Value() =>
                value is { Length: > 0 } ? value
                : value is null && i + 1 < args.Length && args[i + 1] is not "" and not ['-', '-', ..] ? args[++i]
                : throw new FormatException($"{name} needs a value; see --help");

            AppHostOptions LeaveToAspire()
            {
                if (!OfAspire.Contains(name) && !(name.StartsWith("--", StringComparison.Ordinal) && name.Contains(':')))
                    throw new FormatException($"Unknown argument '{args[i]}'; see --help");

                rest.Add(args[i]);
                if (value is null && i + 1 < args.Length && !args[i + 1].StartsWith('-'))
                    rest.Add(args[++i]);

                return options;
            }
        }

        if (options.LeaseDuration < ShortestEtcdLease && options.Strategies.Contains("etcd"))
            throw new FormatException("--lease-duration: the leases of etcd last 1s at least; take a longer one, or leave etcd out of --strategies");

        if (options.Replicas < FewestMembers && options.Strategies.Contains("raft"))
            throw new FormatException($"--replicas: raft has {FewestMembers} members at least; take more, or leave raft out of --strategies");

        return options with { AspireArguments = [.. rest] };

        static (string Name, string? Value) Split(string arg) =>
            arg.IndexOf('=') is >= 0 and var at ? (arg[..at], arg[(at + 1)..]) : (arg, null);
    }

    private static string[] Strategies(string text)
    {
        var allowed = string.Join(", ", AppHostOptions.Available);
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().ToArray();
        foreach (var name in names)
        {
            if (!AppHostOptions.Available.Contains(name))
                throw new FormatException($"--strategies: '{name}' is unknown; allowed are {allowed}");
        }

        return names.Length > 0 ? names : throw new FormatException($"--strategies needs at least one of {allowed}");
    }

    private static string Scenario(string name) => ScenarioRun.Names.Contains(name)
        ? name
        : throw new FormatException($"--scenario: '{name}' is unknown; allowed are {string.Join(", ", ScenarioRun.Names)}");

    private static StoreChoice Stores(string text) =>
        Array.FindIndex(Enum.GetNames<StoreChoice>(), name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is >= 0 and var choice
            ? (StoreChoice)choice
            : throw new FormatException($"--stores: '{text}' is unknown; allowed are auto, container, native, none");

    private static int Number(string option, string text, int from, int to) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to
            ? number
            : throw new FormatException($"{option}: '{text}' is not a number from {from} to {to}");

    private static TimeSpan Lease(string text)
    {
        var (digits, unit) = text.EndsWith("ms", StringComparison.Ordinal) ? (text[..^2], TimeSpan.FromMilliseconds(1))
            : text.EndsWith('s') ? (text[..^1], TimeSpan.FromSeconds(1))
            : (string.Empty, TimeSpan.Zero);

        TimeSpan? lease = unit > TimeSpan.Zero && double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number < 1e9
            ? unit * number
            : TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var span) && text.Contains(':') ? span
            : null;

        return lease >= ShortestLease && lease <= LongestLease
            ? lease.Value
            : throw new FormatException($"--lease-duration: '{text}' is not a time from 500ms to 1h, such as 5s or 00:00:05");
    }
}
