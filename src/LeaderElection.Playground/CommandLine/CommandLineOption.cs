using LeaderElection.Strategies;

namespace LeaderElection.Playground.CommandLine;

/// <summary>An option of the command line, and the setting that it gives: its key in configuration files and (with <c>__</c> for <c>:</c>) the environment.</summary>
internal sealed record CommandLineOption(string Name, string Key, string? ValueName, string Description, params string[] Aliases)
{
    private const string Duration = "DURATION";

    public static readonly IReadOnlyList<CommandLineOption> All =
    [
        new("--strategy", ElectionSettings.StrategyKey, "NAME", "Where leadership lives: file (a shared folder, the default), redis, postgresql, etcd, zookeeper or raft (the replicas themselves)."),
        new("--election", ElectionSettings.ElectionKey, "NAME", "The election, the same on every replica. Default: demo.", "--lock-name"),
        new("--candidate", ElectionSettings.CandidateKey, "NAME", "This replica, unique among them. Default: the service's name and instance id, else machine and process id.", "--node-id"),
        new("--lease-duration", ElectionSettings.LeaseDurationKey, Duration, "How long the store keeps the lease without a renewal. Default: 15s; raft: 150ms."),
        new("--renew-interval", ElectionSettings.RenewIntervalKey, Duration, "How often the leader renews its lease. Default: two fifths of the lease; zookeeper, raft: a third."),
        new("--retry-period", ElectionSettings.RetryPeriodKey, Duration, "The longest pause between attempts while the store is in trouble. Default: a fifth of the lease, at most 2s."),
        new("--safety-margin", ElectionSettings.SafetyMarginKey, Duration, "How long before the end of the lease the leader stops believing in it. Default: a twentieth of the lease."),
        new("--lock-dir", ElectionSettings.DirectoryKey, "FOLDER", "file: the folder that all replicas share; created if missing. Default: ./locks."),
        new("--redis", "ConnectionStrings:redis", "ADDRESS", "redis: the server, such as localhost:6379; or several independent ones, of which a majority decides, with semicolons between them."),
        new("--postgresql", "ConnectionStrings:postgresql", "SETTINGS", "postgresql: the server and the rest of Npgsql's connection string, such as \"Host=localhost;Database=app;Username=app\"."),
        new("--etcd", "ConnectionStrings:etcd", "ADDRESSES", "etcd: the members, such as http://localhost:2379, with commas between them."),
        new("--zookeeper", "ConnectionStrings:zookeeper", "ADDRESSES", "zookeeper: the servers, such as localhost:2181, with commas between them."),
        new("--raft", "ConnectionStrings:raft", "ADDRESSES", "raft: all members, with commas between them, and their shared secret, such as \"m0=localhost:7000,m1=localhost:7001,m2=localhost:7002;secret=16 characters or more\"."),
        new("--member", ElectionSettings.RaftMemberKey, "ID", "raft: which of the members this replica is, such as m0."),
        new("--raft-dir", $"{ElectionSettings.Section}:Raft:Directory", "FOLDER", "raft: where this member keeps its term and votes; its own, and to be kept. Default: ./raft/MEMBER."),
        new("--board", PlaygroundSettings.BoardKey, "URL", "The board, where replicas report and the leader writes to the ledger. Default: the service 'board' where one is configured, else none."),
        new("--ledger-epoch", PlaygroundSettings.LedgerEpochKey, "NUMBER", "Raised when the store starts over, so that the ledger takes its lower fencing tokens, and none of an earlier epoch. Default: 0."),
        new("--work-interval", PlaygroundSettings.WorkIntervalKey, Duration, "How often the leader does its work. Default: 500ms."),
        new("--status", PlaygroundSettings.StatusKey, null, "Print the state once a second even where the output is not a terminal."),
        new("--playground", PlaygroundSettings.PlaygroundKey, null, "Show and tell who leads outside of Development, too."),
        new("--urls", "urls", "URLS", "Where to serve HTTP. Default: any free port on 127.0.0.1."),
    ];

    /// <summary>The setting of a problem by both its names, because nobody can see any more which one was used.</summary>
    public static string Explain(string problem) =>
        All.FirstOrDefault(option => problem.StartsWith($"{option.Key} ", StringComparison.Ordinal)) is { } option
            ? $"{option.Name} ({option.Key}){problem[option.Key.Length..]}"
            : problem;
}
