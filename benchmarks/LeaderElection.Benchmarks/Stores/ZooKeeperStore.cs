using System.Globalization;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Benchmarks.Stores;

internal sealed class ZooKeeperStore : Store
{
    private readonly IReadOnlyList<ZooKeeperServer> _members;

    private ZooKeeperStore(IAsyncDisposable? servers, IReadOnlyList<ZooKeeperServer> members, string endpoints) : base("zookeeper", servers)
    {
        _members = members;
        Endpoints = endpoints;
    }

    public override string Endpoints { get; }

    public static async Task<ZooKeeperStore> StartAsync(string? endpoints, int members)
    {
        if (endpoints is not null)
            return new ZooKeeperStore(null, [], endpoints) { Description = "ZooKeeper that was running" };
        ZooKeeperStore store;
        if (members == 1)
        {
            var server = await ZooKeeperServer.StartNewAsync();
            store = new ZooKeeperStore(server, [server], server.Endpoint);
        }
        else
        {
            var ensemble = await ZooKeeperEnsemble.StartNewAsync();
            store = new ZooKeeperStore(ensemble, ensemble.Members, ensemble.ConnectionString);
        }
        var version = (await store._members[0].FourLetterAsync("srvr")).Split('\n')[0].Split(',', '-')[0].Replace(" version:", "", StringComparison.Ordinal);
        store.Description = $"{version}, {members} server{(members == 1 ? "" : "s")}, tick 200 ms, forceSync on";
        return store;
    }

    /// <summary>Packets, less those of the asking itself.</summary>
    public override async Task<double?> RequestsAsync() =>
        _members is [] ? null : (await Task.WhenAll(_members.Select(PacketsAsync))).Sum();

    private static async Task<double> PacketsAsync(ZooKeeperServer member)
    {
        const string Counter = "zk_packets_received\t";
        var line = (await member.FourLetterAsync("mntr")).Split('\n').First(l => l.StartsWith(Counter, StringComparison.Ordinal));
        return double.Parse(line[Counter.Length..], CultureInfo.InvariantCulture);
    }
}
