using LeaderElection.Etcd;
using LeaderElection.Leases;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

public sealed class EtcdStore : EntryStore
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

    protected override IElectionBackend Create(Action<LeaseOptions> configure)
    {
        var options = new EtcdElectionOptions { ConnectionString = Server.Endpoint };
        configure(options);
        return new EtcdElectionBackend(options, Log.For<EtcdElectionBackend>());
    }
}
