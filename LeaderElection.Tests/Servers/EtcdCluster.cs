namespace LeaderElection.Tests.Servers;

/// <summary>Three real etcd members.</summary>
public sealed class EtcdCluster : StoreCluster<EtcdServer>
{
    private EtcdCluster(ServerTls? tls, string[] settings, IReadOnlyList<ServerHost>? hosts = null)
        : base([.. Enumerable.Range(0, 3).Select(i => new EtcdServer($"member{i}", tls, settings, hosts?[i]))])
    {
        foreach (var member in Members)
            member.Join(string.Join(',', Members.Select(m => m.Membership)));
    }

    public override string ConnectionString => string.Join(',', Members.Select(m => m.Endpoint));

    /// <param name="settings">Further arguments of each etcd.</param>
    public static Task<EtcdCluster> StartNewAsync(params string[] settings) => StartNewAsync(null, settings);

    /// <param name="hosts">Where its members run; on loopback if there are none.</param>
    internal static Task<EtcdCluster> StartNewAsync(IReadOnlyList<ServerHost>? hosts) => StartedAsync(new EtcdCluster(null, [], hosts));

    internal static Task<EtcdCluster> StartNewAsync(ServerTls? tls, params string[] settings) => StartedAsync(new EtcdCluster(tls, settings));

    private protected override async Task<bool> LeadsAsync(EtcdServer member) => await member.MetricAsync("etcd_server_is_leader") == 1;
}
