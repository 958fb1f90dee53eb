namespace LeaderElection.Worker.Settings;

/// <summary>A setting: its option on the command line, and its key in configuration files and (with <c>__</c> for <c>:</c>) the environment.</summary>
internal sealed record Setting(string Option, string Key, string? ValueName, string Description, params string[] Aliases)
{
    public const string Section = "LeaderElection";

    private const string Duration = "DURATION";

    public static readonly Setting Strategy = new("--strategy", $"{Section}:Strategy", "NAME", "Where leadership lives: file (a shared folder, the default), redis, etcd, zookeeper or raft (the replicas themselves).");
    public static readonly Setting Election = new("--election", $"{Section}:Election", "NAME", "The election, the same on every replica. Default: demo.", "--lock-name");
    public static readonly Setting Candidate = new("--candidate", $"{Section}:Candidate", "NAME", "This replica, unique among them. Default: the service's name and instance id, else machine and process id.", "--node-id");
    public static readonly Setting LeaseDuration = new("--lease-duration", $"{Section}:LeaseDuration", Duration, "How long the store keeps the lease without a renewal. Default: 15s; raft: 150ms.");
    public static readonly Setting RenewInterval = new("--renew-interval", $"{Section}:RenewInterval", Duration, "How often the leader renews its lease. Default: two fifths of the lease; zookeeper, raft: a third.");
    public static readonly Setting RetryPeriod = new("--retry-period", $"{Section}:RetryPeriod", Duration, "The longest pause between attempts while the store is in trouble. Default: a fifth of the lease, at most 2s.");
    public static readonly Setting SafetyMargin = new("--safety-margin", $"{Section}:SafetyMargin", Duration, "How long before the end of the lease the leader stops believing in it. Default: a twentieth of the lease.");
    public static readonly Setting Directory = new("--lock-dir", $"{Section}:Directory", "FOLDER", "file: the folder that all replicas share; created if missing. Default: ./locks.");
    public static readonly Setting Redis = new("--redis", "ConnectionStrings:redis", "ADDRESS", "redis: the server, such as localhost:6379; or several independent ones, of which a majority decides, with semicolons between them.");
    public static readonly Setting Etcd = new("--etcd", "ConnectionStrings:etcd", "ADDRESSES", "etcd: the members, such as http://localhost:2379, with commas between them.");
    public static readonly Setting ZooKeeper = new("--zookeeper", "ConnectionStrings:zookeeper", "ADDRESSES", "zookeeper: the servers, such as localhost:2181, with commas between them.");
    public static readonly Setting Raft = new("--raft", "ConnectionStrings:raft", "ADDRESSES", "raft: all members, with commas between them, and their shared secret, such as \"m0=localhost:7000,m1=localhost:7001,m2=localhost:7002;secret=16 characters or more\".");
    public static readonly Setting Member = new("--member", $"{Section}:Raft:Member", "ID", "raft: which of the members this replica is, such as m0.");
    public static readonly Setting RaftDirectory = new("--raft-dir", $"{Section}:Raft:Directory", "FOLDER", "raft: where this member keeps its term and votes; its own, and to be kept. Default: ./raft/MEMBER.");
    public static readonly Setting Board = new("--board", $"{Section}:Board", "URL", "The board, where replicas report and the leader writes to the ledger. Default: the service 'board' where one is configured, else none.");
    public static readonly Setting WorkInterval = new("--work-interval", $"{Section}:WorkInterval", Duration, "How often the leader does its work. Default: 500ms.");
    public static readonly Setting Status = new("--status", $"{Section}:Status", null, "Print the state once a second even where the output is not a terminal.");
    public static readonly Setting Urls = new("--urls", "urls", "URLS", "Where to serve HTTP. Default: any free port on 127.0.0.1.");

    public static readonly IReadOnlyList<Setting> All =
    [
        Strategy, Election, Candidate, LeaseDuration, RenewInterval, RetryPeriod, SafetyMargin,
        Directory, Redis, Etcd, ZooKeeper, Raft, Member, RaftDirectory, Board, WorkInterval, Status, Urls,
    ];

    /// <summary>How to call it in an error: by both names, because nobody can see any more which one was used.</summary>
    public override string ToString() => $"{Option} ({Key})";
}
