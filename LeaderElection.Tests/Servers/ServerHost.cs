namespace LeaderElection.Tests.Servers;

/// <summary>Where a server runs.</summary>
/// <param name="Address">Where its clients find it.</param>
/// <param name="PeerAddress">Where the other servers of its store find it.</param>
/// <param name="Command">What its command line begins with.</param>
internal sealed record ServerHost(string Address, string PeerAddress, string[] Command)
{
    public static ServerHost Loopback { get; } = new("127.0.0.1", "127.0.0.1", []);
}
