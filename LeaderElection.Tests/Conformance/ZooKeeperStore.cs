using LeaderElection.Leases;
using LeaderElection.Tests.Servers;
using LeaderElection.Tests.ZooKeeper;
using LeaderElection.ZooKeeper;

namespace LeaderElection.Tests.Conformance;

public sealed class ZooKeeperStore : EntryStore
{
    private ZooKeeperStore(ZooKeeperServer server) => Server = server;

    public ZooKeeperServer Server { get; }

    public override bool WaitsForWorkOfDeletedEntries => false;

    public static async Task<ZooKeeperStore> StartNewAsync() => new(await ZooKeeperServer.StartNewAsync());

    public override Task StopAsync() => Server.KillAsync();

    public override Task StartAsync() => Server.StartAsync();

    public override async Task DeleteEntryAsync(string election)
    {
        await using var client = TestClient.Create(Server.Endpoint);
        var first = (await client.GetChildrenAsync($"/election/{election}")).Required().Order().First();
        (await client.DeleteAsync($"/election/{election}/{first}")).Required();
    }

    public override ValueTask DisposeAsync() => Server.DisposeAsync();

    protected override IElectionBackend Create(Action<LeaseOptions> configure)
    {
        var options = new ZooKeeperElectionOptions { ConnectionString = Server.Endpoint };
        configure(options);
        return new ZooKeeperElectionBackend(options, Log.For<ZooKeeperElectionBackend>());
    }
}
