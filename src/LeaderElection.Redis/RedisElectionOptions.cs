using LeaderElection.Leases;

namespace LeaderElection.Redis;

/// <summary>Where and how to elect on Redis.</summary>
public sealed class RedisElectionOptions : LeaseOptions
{
    /// <summary>
    /// The server, as StackExchange.Redis writes it: <c>host:port,password=…,ssl=true,…</c>. Or several with semicolons
    /// between them, 3 to 9, each with its port: servers that know nothing of each other, of which a majority decides.
    /// A semicolon that no <c>host:port</c> follows is part of a password.
    /// </summary>
    /// <value>Defaults to none; <c>AddRedisElectionBackend</c> takes it from the connection strings.</value>
    public string? ConnectionString { get; set; }

    /// <summary>
    /// What all keys and the channel begin with. The braces keep them in one slot of a Redis Cluster: one election's
    /// scripts touch the leases of several processes.
    /// </summary>
    /// <value>Defaults to <c>{leader-election}</c>.</value>
    public string KeyPrefix { get; set; } = "{leader-election}";

    /// <inheritdoc/>
    public override IEnumerable<string> Validate()
    {
        if (string.IsNullOrWhiteSpace(ConnectionString))
            yield return $"{nameof(ConnectionString)} is empty; it must name a Redis server, e.g. localhost:6379";
        else if (!Servers().All(RedisSettings.CanBeRead))
            yield return $"{nameof(ConnectionString)} cannot be read; it must look like host:port,password=…,ssl=true, or like several of these, each with its port, and semicolons between them";
        else if (Servers() is { Length: not (1 or (>= 3 and <= 9)) } servers)
            yield return $"{nameof(ConnectionString)} names {servers.Length} servers; one decides alone, and a majority needs 3 to 9";
        if (string.IsNullOrEmpty(KeyPrefix) || KeyPrefix.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
            yield return $"{nameof(KeyPrefix)} is '{string.Concat((KeyPrefix ?? "").Select(c => char.IsControl(c) ? '?' : c))}'; it must not be empty or have white space";
        foreach (var problem in base.Validate())
            yield return problem;
    }

    internal string[] Servers() => RedisSettings.Servers(ConnectionString!);
}
