using LeaderElection.Benchmarks.Stores;

namespace LeaderElection.Benchmarks.Peers;

internal static class PeerVersions
{
    /// <summary>The versions of what the peers are made of, as far as the machine knows them.</summary>
    public static async Task<string> TextAsync()
    {
        if (!StoreCatalog.OnPath("dpkg-query"))
            return "versions unknown";
        var packages = new Dictionary<string, string>
        {
            ["redis-py"] = "python3-redis",
            ["Kazoo"] = "python3-kazoo",
            ["Curator"] = "libcurator-recipes-java",
            ["Go client"] = "golang-etcd-server-dev",
            ["hashicorp/raft"] = "golang-github-hashicorp-raft-dev",
        };
        var versions = await Task.WhenAll(packages.Select(async p => $"{p.Key} {await ProgramVersion.OfAsync("dpkg-query", "-W", "-f", "${Version}\n", p.Value)}"));
        return string.Join(", ", versions);
    }
}
