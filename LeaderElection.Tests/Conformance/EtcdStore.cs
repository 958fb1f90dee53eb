using LeaderElection.Etcd;
using LeaderElection.Leases;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

public sealed class EtcdStore : EntryStore, INetworkStore
{
    private EtcdStore(EtcdServer server) => Server = server;

    public EtcdServer Server { get; }

    /// <summary>etcd grants no shorter one.</summary>
    public override TimeSpan Lease => TimeSpan.FromSeconds(2);

    public override bool WaitsOutDeletedEntries => false;

    public static async Task<EtcdStore> StartNewAsync() => new(await EtcdServer.StartNewAsync());

    public override Task StopAsync() => Server.KillAsync();

    public override Task StartAsync() => Server.StartAsync();

    public override async Task DeleteEntryAsync(string election) => await Server.CtlAsync("del", await LeaderKeyAsync(election));

    /// <summary>The key of who is first in the queue.</summary>
    public async Task<string> LeaderKeyAsync(string election) =>
        (await Server.CtlAsync("get", "--prefix", election + "/", "--sort-by", "CREATE", "--keys-only", "--limit", "1")).Trim();

    public override ValueTask DisposeAsync() => Server.DisposeAsync();

    public bool HasQueue => true;

    public StoreLine OpenLine() => new(Server.Port);

    public IElectionBackend CreateBackend(StoreLine line, TimeSpan lease) => Create(options => options.LeaseDuration = lease, $"http://{line.Endpoints.Single()}");

    public async Task<int> EntriesAsync(string election) =>
        (await Server.CtlAsync("get", "--prefix", election + "/", "--keys-only")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    public bool LoseNews(Span<byte> answers)
    {
        // In a WatchResponse the events are field 11, and an event begins with its type, if that is a deletion, or its key.
        // Of a field that it does not know, such as 15, the client takes no note.
        var lost = false;
        for (var i = 0; i + 7 <= answers.Length; i++)
        {
            if (answers[i..] is [0x5A, _, 0x08, 0x01, 0x12, _, 0x0A, ..] or [0x5A, _, 0x12, _, 0x0A, _, ..])
            {
                answers[i] = 0x7A;
                lost = true;
            }
        }
        return lost;
    }

    protected override IElectionBackend Create(Action<LeaseOptions> configure) => Create(configure, Server.Endpoint);

    private EtcdElectionBackend Create(Action<LeaseOptions> configure, string endpoint)
    {
        var options = new EtcdElectionOptions { ConnectionString = endpoint };
        configure(options);
        return new EtcdElectionBackend(options, Log.For<EtcdElectionBackend>());
    }
}
