using LeaderElection.Leases;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace LeaderElection.Strategies;

/// <summary>The settings that all strategies share. Times that were not given are left to the strategy's own section, and its defaults.</summary>
internal sealed class ElectionSettings
{
    public const string Section = "LeaderElection";
    public const string StrategyKey = $"{Section}:Strategy";
    public const string ElectionKey = $"{Section}:Election";
    public const string CandidateKey = $"{Section}:Candidate";
    public const string LeaseDurationKey = $"{Section}:LeaseDuration";
    public const string RenewIntervalKey = $"{Section}:RenewInterval";
    public const string RetryPeriodKey = $"{Section}:RetryPeriod";
    public const string SafetyMarginKey = $"{Section}:SafetyMargin";
    public const string DirectoryKey = $"{Section}:Directory";
    public const string RaftMemberKey = $"{Section}:Raft:Member";

    private static readonly string[] Strategies = ["file", "redis", "postgresql", "etcd", "zookeeper", "raft"];

    /// <summary>What strategies need: a setting, its key in the strategy's own section, what it is for, and an example.</summary>
    private static readonly (string Strategy, string Key, string OwnKey, string Need, string Example)[] Needs =
    [
        ("redis", "ConnectionStrings:redis", $"{Section}:Redis:ConnectionString", "needs a server", "localhost:6379"),
        ("postgresql", "ConnectionStrings:postgresql", $"{Section}:PostgreSql:ConnectionString", "needs a server", "\"Host=localhost;Database=app;Username=app;Password=…\""),
        ("etcd", "ConnectionStrings:etcd", $"{Section}:Etcd:ConnectionString", "needs a server", "http://localhost:2379"),
        ("zookeeper", "ConnectionStrings:zookeeper", $"{Section}:ZooKeeper:ConnectionString", "needs a server", "localhost:2181"),
        ("raft", "ConnectionStrings:raft", $"{Section}:Raft:ConnectionString", "needs to know all members", "\"m0=localhost:7000,m1=localhost:7001,m2=localhost:7002;secret=…\""),
        ("raft", RaftMemberKey, RaftMemberKey, "needs to know which member this is", "m0"),
    ];

    public required string Strategy { get; init; }

    public string? Election { get; init; }

    public string? Candidate { get; init; }

    public TimeSpan? LeaseDuration { get; init; }

    public TimeSpan? RenewInterval { get; init; }

    public TimeSpan? RetryPeriod { get; init; }

    public TimeSpan? SafetyMargin { get; init; }

    public string? Directory { get; init; }

    /// <exception cref="OptionsValidationException">One or more are not valid.</exception>
    public static ElectionSettings Read(IConfiguration configuration)
    {
        var reader = new SettingsReader(configuration);
        var settings = new ElectionSettings
        {
            Strategy = reader.Text(StrategyKey)?.ToLowerInvariant() ?? Strategies[0],
            Election = reader.Name(ElectionKey),
            Candidate = reader.Name(CandidateKey),
            LeaseDuration = reader.Duration(LeaseDurationKey),
            RenewInterval = reader.Duration(RenewIntervalKey),
            RetryPeriod = reader.Duration(RetryPeriodKey),
            SafetyMargin = reader.Duration(SafetyMarginKey),
            Directory = reader.Text(DirectoryKey),
        };
        if (!Strategies.Contains(settings.Strategy))
            reader.Problem(StrategyKey, $"{string.Join(", ", Strategies[..^1])} or {Strategies[^1]}");
        foreach (var (_, key, ownKey, need, example) in Needs.Where(need => need.Strategy == settings.Strategy))
        {
            if (reader.Text(key) is null && reader.Text(ownKey) is null)
                reader.Add($"{key} is missing; the strategy {settings.Strategy} {need}, such as {example}");
        }
        return reader.Checked(settings);
    }

    /// <summary>Sets the times that were given.</summary>
    public void Apply(LeaseOptions lease)
    {
        lease.LeaseDuration = LeaseDuration ?? lease.LeaseDuration;
        lease.RenewInterval = RenewInterval ?? lease.RenewInterval;
        lease.RetryPeriod = RetryPeriod ?? lease.RetryPeriod;
        lease.SafetyMargin = SafetyMargin ?? lease.SafetyMargin;
    }
}
