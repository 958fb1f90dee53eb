using LeaderElection.Tests.Servers;

namespace LeaderElection.Benchmarks.Stores;

internal sealed class EtcdStore : Store
{
    private readonly IReadOnlyList<EtcdServer> _members;

    private EtcdStore(IAsyncDisposable? servers, IReadOnlyList<EtcdServer> members, string endpoints) : base("etcd", servers)
    {
        _members = members;
        Endpoints = endpoints;
    }

    public override string Endpoints { get; }

    public static async Task<EtcdStore> StartAsync(string? endpoints, int members)
    {
        if (endpoints is not null)
            return new EtcdStore(null, [], endpoints) { Description = "etcd that was running" };
        var settings = "default settings: heartbeat 100 ms, election 1 s, fsync on";
        var version = (await ProgramVersion.OfAsync("etcd", "--version")).Replace("etcd Version:", "etcd", StringComparison.Ordinal);
        if (members == 1)
        {
            var server = await EtcdServer.StartNewAsync();
            return new EtcdStore(server, [server], server.Endpoint) { Description = $"{version}, 1 member, {settings}" };
        }
        var cluster = await EtcdCluster.StartNewAsync();
        return new EtcdStore(cluster, cluster.Members, cluster.ConnectionString) { Description = $"{version}, 3 members, {settings}" };
    }

    /// <summary>gRPC messages received, those that the gateway makes of JSON among them.</summary>
    public override async Task<double?> RequestsAsync() =>
        _members is [] ? null : (await Task.WhenAll(_members.Select(m => m.MetricAsync("grpc_server_msg_received_total")))).Sum();
}
