namespace LeaderElection.Tests.Servers;

/// <summary>Three real ZooKeeper servers.</summary>
/// <remarks>They give up a silent leader after two seconds (<c>syncLimit</c>).</remarks>
public sealed class ZooKeeperEnsemble : StoreCluster<ZooKeeperServer>
{
    private ZooKeeperEnsemble(ServerTls? tls, string[] settings, IReadOnlyList<ServerHost>? hosts = null)
        : base([.. Enumerable.Range(1, 3).Select(i => new ZooKeeperServer(i, tls, settings, hosts?[i - 1]))])
    {
        foreach (var member in Members)
            member.Join(Members.Select(m => m.Membership));
    }

    public override string ConnectionString => string.Join(',', Members.Select(m => m.Endpoint));

    /// <param name="settings">Further lines of each zoo.cfg.</param>
    public static Task<ZooKeeperEnsemble> StartNewAsync(params string[] settings) => StartNewAsync(null, settings);

    /// <param name="hosts">Where its servers run; on loopback if there are none.</param>
    internal static Task<ZooKeeperEnsemble> StartNewAsync(IReadOnlyList<ServerHost>? hosts) => StartedAsync(new ZooKeeperEnsemble(null, [], hosts));

    internal static Task<ZooKeeperEnsemble> StartNewAsync(ServerTls? tls, params string[] settings) => StartedAsync(new ZooKeeperEnsemble(tls, settings));

    private protected override async Task<bool> LeadsAsync(ZooKeeperServer member) => await member.ModeAsync() == "leader";
}
