using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.ZooKeeper.Nodes;

/// <summary><c>_c_UUID-latch-0000000003</c>, as Apache Curator's LeaderLatch has it. Every child counts.</summary>
internal sealed class CuratorLatchNaming : NodeNaming
{
    private const string Marker = "latch-";

    public override CreateMode ParentMode => CreateMode.Container;

    public override string Prefix(string id) => $"_c_{Guid.ParseExact(id, "N"):D}-{Marker}";

    public override string[] Queue(string[] children)
    {
        var nodes = children.ToArray();
        Array.Sort(nodes, (a, b) => string.CompareOrdinal(Rank(a), Rank(b)));
        return nodes;
    }

    private static string Rank(string name) =>
        name.LastIndexOf(Marker, StringComparison.Ordinal) is >= 0 and var at ? name[(at + Marker.Length)..] : name;
}
