namespace LeaderElection.ZooKeeper.Client;

/// <summary>Where a session is held, and how.</summary>
internal sealed class ZooKeeperClientOptions
{
    public required ConnectString Servers { get; init; }

    /// <summary>What is asked for; the server decides within its bounds.</summary>
    public required TimeSpan SessionTimeout { get; init; }

    /// <summary>Digest credentials, <c>user:password</c>.</summary>
    public string? Digest { get; init; }

    /// <summary><see langword="null"/> for plain TCP.</summary>
    public ZooKeeperTls? Tls { get; init; }
}
