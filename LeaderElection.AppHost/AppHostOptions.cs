using System.Diagnostics.CodeAnalysis;

namespace LeaderElection.AppHost;

/// <summary>What the command line asks for.</summary>
internal sealed record AppHostOptions
{
    public const int DefaultBoardPort = 8080;

    public const string Help = """
        Starts the board and, for each strategy, replicas that elect a leader.

        Options:
          --strategies <list>       file,redis,etcd,zookeeper,raft (default: all of them)
          --replicas <1-9>          workers per strategy (default: 3; raft: 5, and 3 at least)
          --stores <way>            auto (default), container, native or none: how servers such as Redis are run
          --board-port <port>       port of the board (default: 8080; 0 takes a free one)
          --lease-duration <time>   how long a leader may be silent, such as 5s, 500ms or 00:00:05 (default: 5s,
                                    raft: 1s; etcd: 1s or more)
          --scenario <name>         runs leader-failure, partition, rolling-restart or frozen-leader on each
                                    election, tells how it went, and ends: with exit code 0 if all passed, else 1
          --data-dir <folder>       where the board, the file elections, native servers and raft's members keep
                                    their data (default: data, beside the AppHost's project)
          --help                    this text

        Settings of Aspire itself are given as --Section:Key=value.
        """;

    /// <summary>The strategies that have workers to run.</summary>
    public static readonly IReadOnlyList<string> Available = ["file", "redis", "etcd", "zookeeper", "raft"];

    public IReadOnlyList<string> Strategies { get; init; } = Available;

    /// <summary>How many workers each strategy is to have, if that was given.</summary>
    public int? Replicas { get; init; }

    public StoreChoice Stores { get; init; } = StoreChoice.Auto;

    /// <summary>The board's port, or <see langword="null"/> for any that is free.</summary>
    public int? BoardPort { get; init; } = DefaultBoardPort;

    /// <summary>How long a leader may be silent, if that was given.</summary>
    public TimeSpan? LeaseDuration { get; init; }

    /// <summary>What to run on the elections before the end, instead of running until Ctrl+C.</summary>
    public string? Scenario { get; init; }

    public string? DataDirectory { get; init; }

    /// <summary>What is left for Aspire.</summary>
    public string[] AspireArguments { get; init; } = [];

    public int ReplicasOf(string strategy) => Replicas ?? (strategy == "raft" ? 5 : 3);

    // Members hear from each other many times a second; a store is not asked so often.
    public TimeSpan LeaseOf(string strategy) => LeaseDuration ?? TimeSpan.FromSeconds(strategy == "raft" ? 1 : 5);

    /// <summary>Reads the command line. Where there is nothing to run, help or a wrong argument has been answered on the console.</summary>
    public static bool TryParse(string[] args, [NotNullWhen(true)] out AppHostOptions? options, out int exitCode)
    {
        options = null;
        exitCode = 0;
        if (args.Any(arg => arg is "--help" or "-h" or "-?"))
        {
            Console.WriteLine(Help);
            return false;
        }

        try
        {
            options = CommandLine.Parse(args);
            return true;
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine(OneLine.Of(e.Message));
            exitCode = 2;
            return false;
        }
    }
}
