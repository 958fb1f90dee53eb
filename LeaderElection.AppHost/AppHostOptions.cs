using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using LeaderElection.Hosting;
using Microsoft.Extensions.Configuration;

namespace LeaderElection.AppHost;

/// <summary>What to run and how, from Aspire's own configuration: the command line, the environment, appsettings.json.</summary>
internal sealed record AppHostOptions
{
    public const int DefaultBoardPort = 8080;

    public const string Help = """
        Starts the board and, for each strategy, replicas that elect a leader.

        Options:
          --strategies <list>       file,redis,etcd,zookeeper,raft (default: all of them)
          --replicas <1-9>          workers per strategy (default: 3; raft: 5, and 3 at least)
          --stores <way>            auto (default), container, native or none: how servers such as Redis are run
          --board-port <port>       port of the board (default: 8080, or a free one where that is taken; 0 takes a free one)
          --lease-duration <time>   how long a leader may be silent, such as 5s, 500ms or 00:00:05 (default: 5s,
                                    raft: 1s; etcd: 1s or more)
          --scenario <name>         runs leader-failure, partition, rolling-restart or frozen-leader on each
                                    election, tells how it went, and ends: with exit code 0 if all passed, else 1
          --data-dir <folder>       where the board, the file elections, native servers and raft's members keep
                                    their data (default: data, beside the AppHost's project; data-2 and so on where
                                    another AppHost uses that)
          --help                    this text

        Each is a setting as well, as Replicas or BoardPort: in appsettings.json, or in the environment. Aspire's own
        options (--operation, --publisher, --list-steps …) go to Aspire, and its settings are given as --Section:Key=value.
        """;

    /// <summary>The strategies that have workers to run.</summary>
    public static readonly IReadOnlyList<string> Available = ["file", "redis", "etcd", "zookeeper", "raft"];

    private const int FewestMembers = 3;

    private static readonly TimeSpan ShortestLease = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ShortestEtcdLease = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestLease = TimeSpan.FromHours(1);

    public IReadOnlyList<string> Strategies { get; init; } = Available;

    /// <summary>How many workers each strategy is to have, if that was given.</summary>
    public int? Replicas { get; init; }

    public StoreChoice Stores { get; init; } = StoreChoice.Auto;

    /// <summary>The board's port; <see langword="null"/> for any that is free.</summary>
    public int? BoardPort { get; init; } = DefaultBoardPort;

    /// <summary>How long a leader may be silent, if that was given.</summary>
    public TimeSpan? LeaseDuration { get; init; }

    /// <summary>What to run on the elections before the end, instead of running until Ctrl+C.</summary>
    public string? Scenario { get; init; }

    /// <summary>Where all data are, if that was given.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>What makes the names of volumes this AppHost's own, where it runs beside another one.</summary>
    public string? VolumePrefix { get; init; }

    public bool Has(string strategy) => Strategies.Contains(strategy);

    public int ReplicasOf(string strategy) => Replicas ?? (strategy == "raft" ? 5 : 3);

    // Members hear from each other many times a second; a store is not asked so often.
    public TimeSpan LeaseOf(string strategy) => LeaseDuration ?? TimeSpan.FromSeconds(strategy == "raft" ? 1 : 5);

    /// <summary>The name of a store's volume; <see langword="null"/> for the one that Aspire would give it.</summary>
    public string? Volume(string store) => VolumePrefix is null ? null : $"{VolumePrefix}-{store}";

    /// <summary>The folder for some of the data.</summary>
    public string Folder(string name) => Path.Combine(DataDirectory ?? "data", name);

    /// <summary>
    /// Makes the application's builder. Where there is nothing to run, help or a wrong argument has been answered on the console.
    /// </summary>
    public static bool TryCreateBuilder(
        string[] args,
        [NotNullWhen(true)] out IDistributedApplicationBuilder? builder,
        [NotNullWhen(true)] out AppHostOptions? options,
        out int exitCode)
    {
        (builder, options, exitCode) = (null, null, 0);
        if (args.Any(arg => arg is "--help" or "-h" or "-?"))
        {
            Console.WriteLine(Help);
            return false;
        }

        try
        {
            builder = DistributedApplication.CreateBuilder(CommandLine.ToAspire(args));
            options = builder.KeepApart(Read(builder.Configuration));
            return true;
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine(OneLine.Of(e.Message));
            exitCode = 2;
            return false;
        }
    }

    /// <exception cref="FormatException">A setting is wrong; the message is one line for the user.</exception>
    public static AppHostOptions Read(IConfiguration configuration)
    {
        var options = new AppHostOptions();
        options = options with
        {
            Strategies = Value("Strategies") is { } strategies ? ReadStrategies(strategies) : options.Strategies,
            Replicas = Value("Replicas") is { } replicas ? Number("--replicas", replicas, 1, 9) : null,
            Stores = Value("Stores") is { } stores ? ReadStores(stores) : options.Stores,
            BoardPort = Value("BoardPort") is { } port ? (Number("--board-port", port, 0, 65535) is > 0 and var given ? given : null) : options.BoardPort,
            LeaseDuration = Value("LeaseDuration") is { } lease ? ReadLease(lease) : null,
            Scenario = Value("Scenario") is { } scenario ? ReadScenario(scenario) : null,
            DataDirectory = Value("DataDirectory") is { } folder ? Path.GetFullPath(folder) : null,
        };
        if (options.LeaseDuration < ShortestEtcdLease && options.Has("etcd"))
            throw new FormatException("--lease-duration: the leases of etcd last 1s at least; take a longer one, or leave etcd out of --strategies");
        if (options.Replicas < FewestMembers && options.Has("raft"))
            throw new FormatException($"--replicas: raft has {FewestMembers} members at least; take more, or leave raft out of --strategies");
        return options;

        string? Value(string key) => configuration[key] is { Length: > 0 } value ? value : null;
    }

    private static string[] ReadStrategies(string text)
    {
        var allowed = string.Join(", ", Available);
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(name => name.ToLowerInvariant()).Distinct().ToArray();
        if (names.Except(Available).FirstOrDefault() is { } unknown)
            throw new FormatException($"--strategies: '{unknown}' is unknown; allowed are {allowed}");
        return names.Length > 0 ? names : throw new FormatException($"--strategies needs at least one of {allowed}");
    }

    private static string ReadScenario(string name) => ScenarioRun.Names.Contains(name)
        ? name
        : throw new FormatException($"--scenario: '{name}' is unknown; allowed are {string.Join(", ", ScenarioRun.Names)}");

    private static StoreChoice ReadStores(string text) =>
        Array.FindIndex(Enum.GetNames<StoreChoice>(), name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is >= 0 and var choice
            ? (StoreChoice)choice
            : throw new FormatException($"--stores: '{text}' is unknown; allowed are auto, container, native, none");

    private static int Number(string option, string text, int from, int to) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to
            ? number
            : throw new FormatException($"{option}: '{text}' is not a number from {from} to {to}");

    private static TimeSpan ReadLease(string text)
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
