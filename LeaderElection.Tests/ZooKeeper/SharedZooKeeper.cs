using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.ZooKeeper;

/// <summary>One server for the tests of a class; each works below a node of its own.</summary>
public sealed class SharedZooKeeper : IAsyncLifetime
{
    public ZooKeeperServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await ZooKeeperServer.StartNewAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
