using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Tests.ZooKeeper;

internal static class TestClient
{
    /// <summary>Long enough for a slow machine: nobody sends heartbeats for it.</summary>
    public static readonly TimeSpan Session = TimeSpan.FromSeconds(20);

    public static ZooKeeperClient Create(string endpoint, TimeSpan? session = null, string? digest = null, ZooKeeperTls? tls = null, TimeProvider? time = null) => new(
        new ZooKeeperClientOptions
        {
            Servers = ConnectString.Parse(endpoint),
            SessionTimeout = session ?? Session,
            Digest = digest,
            Tls = tls,
        },
        time ?? TimeProvider.System);
}
