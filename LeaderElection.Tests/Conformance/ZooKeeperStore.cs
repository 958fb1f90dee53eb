using LeaderElection.Leases;
using LeaderElection.Tests.Servers;
using LeaderElection.Tests.ZooKeeper;
using LeaderElection.ZooKeeper;

namespace LeaderElection.Tests.Conformance;

public sealed class ZooKeeperStore : EntryStore, INetworkStore
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

    public bool HasQueue => true;

    public StoreLine OpenLine() => new(Server.Port);

    public IElectionBackend CreateBackend(StoreLine line, TimeSpan lease) => Create(options => options.LeaseDuration = lease, line.Endpoints.Single());

    public async Task<int> EntriesAsync(string election)
    {
        await using var client = TestClient.Create(Server.Endpoint);
        return (await client.GetChildrenAsync($"/election/{election}")) is { IsOk: true, Value: { } nodes } ? nodes.Length : 0;
    }

    public bool LoseNews(Span<byte> answers)
    {
        // A notification: its xid is -1, then a zxid, no error, and the type of the event. Of one that it does not know the client takes no note.
        var lost = false;
        for (var i = 0; i + 20 <= answers.Length; i++)
        {
            if (answers[i..] is [0xFF, 0xFF, 0xFF, 0xFF, _, _, _, _, _, _, _, _, 0, 0, 0, 0, 0, 0, 0, > 0 and < 5, ..])
            {
                answers[i + 19] = 99;
                lost = true;
            }
        }
        return lost;
    }

    protected override IElectionBackend Create(Action<LeaseOptions> configure) => Create(configure, Server.Endpoint);

    private ZooKeeperElectionBackend Create(Action<LeaseOptions> configure, string endpoint)
    {
        var options = new ZooKeeperElectionOptions { ConnectionString = endpoint };
        configure(options);
        return new ZooKeeperElectionBackend(options, Log.For<ZooKeeperElectionBackend>());
    }
}
