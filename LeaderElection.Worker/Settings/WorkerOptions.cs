using LeaderElection.Hosting;

namespace LeaderElection.Worker.Settings;

/// <summary>What the worker was told. Times that were not given are left to the strategy's options.</summary>
internal sealed class WorkerOptions
{
    public const string DefaultDirectory = "./locks";

    private static readonly string[] Strategies = ["file", "redis", "etcd", "zookeeper", "raft"];

    /// <summary>What strategies need: a setting, its key in the strategy's own section, what it is for, and an example.</summary>
    private static readonly (string Strategy, Setting Setting, string OwnKey, string Need, string Example)[] Needs =
    [
        ("redis", Setting.Redis, "LeaderElection:Redis:ConnectionString", "needs a server", "localhost:6379"),
        ("etcd", Setting.Etcd, "LeaderElection:Etcd:ConnectionString", "needs a server", "http://localhost:2379"),
        ("zookeeper", Setting.ZooKeeper, "LeaderElection:ZooKeeper:ConnectionString", "needs a server", "localhost:2181"),
        ("raft", Setting.Raft, "LeaderElection:Raft:ConnectionString", "needs to know all members", "\"m0=localhost:7000,m1=localhost:7001,m2=localhost:7002;secret=…\""),
        ("raft", Setting.Member, Setting.Member.Key, "needs to know which member this is", "m0"),
    ];

    private static readonly TimeSpan ShortestWork = TimeSpan.FromMilliseconds(1);

    public required string Strategy { get; init; }

    public required string Election { get; init; }

    public required string Candidate { get; init; }

    public TimeSpan? LeaseDuration { get; init; }

    public TimeSpan? RenewInterval { get; init; }

    public TimeSpan? RetryPeriod { get; init; }

    public TimeSpan? SafetyMargin { get; init; }

    public string? Directory { get; init; }

    /// <summary>The board's address; <see langword="null"/> to do without.</summary>
    public Uri? Board { get; init; }

    public required TimeSpan WorkInterval { get; init; }

    /// <summary>Whether to print the state once a second.</summary>
    public bool Status { get; init; }

    /// <exception cref="SettingsException">One or more are not valid.</exception>
    public static WorkerOptions Read(IConfiguration configuration)
    {
        var problems = new List<string>();
        var options = new WorkerOptions
        {
            Strategy = ReadStrategy(),
            Election = ReadName(Setting.Election) ?? "demo",
            Candidate = ReadName(Setting.Candidate) ?? new LeaderServiceOptions().CandidateId,
            LeaseDuration = ReadDuration(Setting.LeaseDuration),
            RenewInterval = ReadDuration(Setting.RenewInterval),
            RetryPeriod = ReadDuration(Setting.RetryPeriod),
            SafetyMargin = ReadDuration(Setting.SafetyMargin),
            Directory = Value(Setting.Directory),
            Board = ReadBoard(),
            WorkInterval = ReadDuration(Setting.WorkInterval) ?? TimeSpan.FromMilliseconds(500),
            Status = ReadFlag(Setting.Status),
        };
        if (options.WorkInterval < ShortestWork || options.WorkInterval > TimeSpan.FromHours(1))
            Problem(Setting.WorkInterval, "from 1ms to 1h");
        problems.AddRange(
            from need in Needs
            where need.Strategy == options.Strategy && Value(need.Setting) is null && string.IsNullOrWhiteSpace(configuration[need.OwnKey])
            select $"{need.Setting} is missing; the strategy {need.Strategy} {need.Need}, such as {need.Setting.Option} {need.Example}");
        return problems is [] ? options : throw new SettingsException(problems);

        // An empty environment variable is one that was not set.
        string? Value(Setting setting) => configuration[setting.Key] is { } value && !string.IsNullOrWhiteSpace(value) ? value : null;

        void Problem(Setting setting, string rule) => problems.Add($"{setting} is '{Value(setting)}'; it must be {rule}");

        string ReadStrategy()
        {
            var strategy = Value(Setting.Strategy)?.ToLowerInvariant() ?? Strategies[0];
            if (!Strategies.Contains(strategy))
                Problem(Setting.Strategy, $"{string.Join(", ", Strategies[..^1])} or {Strategies[^1]}");
            return strategy;
        }

        string? ReadName(Setting setting)
        {
            var name = Value(setting);
            if (name is not null && !ElectionNames.IsValid(name))
                Problem(setting, $"1 to {ElectionNames.MaxLength} of A-Z a-z 0-9 . _ -");
            return name;
        }

        TimeSpan? ReadDuration(Setting setting)
        {
            if (Value(setting) is not { } text)
                return null;
            if (Durations.TryParse(text, out var duration))
                return duration;
            Problem(setting, $"a duration, such as {Durations.Examples}");
            return null;
        }

        bool ReadFlag(Setting setting)
        {
            if (Value(setting) is not { } text)
                return !Console.IsOutputRedirected;
            if (!bool.TryParse(text, out var flag))
                Problem(setting, "true or false");
            return flag;
        }

        Uri? ReadBoard()
        {
            var discovered = configuration["services:board:http:0"];
            if ((Value(Setting.Board) ?? discovered) is not { Length: > 0 } text)
                return null;
            if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps) || address.UserInfo != "")
            {
                // Not repeated where somebody may have put a password into it; the board asks for none.
                var shown = text.Contains('@', StringComparison.Ordinal) ? "has a user" : $"is '{text}'";
                problems.Add($"{Setting.Board} {shown}; it must be an address such as http://localhost:8080");
                return null;
            }
            // Where the board is a service of the application, its name stands for its address.
            return configuration[$"services:{address.Host}:{address.Scheme}:0"] is { } found ? new Uri(found) : address;
        }
    }
}
