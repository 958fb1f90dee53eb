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
        var nodes = children.Select(c => (Name: c, Rank: Rank(c))).ToLookup(c => Number(c.Rank) is not null);
        var foreign = nodes[false].OrderBy(c => c.Rank, StringComparer.Ordinal);
        // Text that is no number comes after those, or before, as it compares with digits.
        return
        [
            .. foreign.Where(c => string.CompareOrdinal(c.Rank, "0") < 0).Select(c => c.Name),
            .. InOrder(nodes[true].Select(c => (c.Name, Number(c.Rank)!.Value))),
            .. foreign.Where(c => string.CompareOrdinal(c.Rank, "0") >= 0).Select(c => c.Name),
        ];
    }

    private static string Rank(string name) =>
        name.LastIndexOf(Marker, StringComparison.Ordinal) is >= 0 and var at ? name[(at + Marker.Length)..] : name;
}
