using System.Text.RegularExpressions;

namespace LeaderElection.ZooKeeper.Nodes;

/// <summary><c>UUID__lock__0000000003</c>, as Kazoo's Election and Lock have it. Other children are nobody's.</summary>
internal sealed partial class KazooNaming : NodeNaming
{
    public override string Prefix(string id) => $"{id}__lock__";

    public override string[] Queue(string[] children) =>
        [.. children.Select(c => (Name: c, Rank: Node.Match(c))).Where(c => c.Rank.Success)
            .OrderBy(c => c.Rank.Groups[1].Value, StringComparer.Ordinal).Select(c => c.Name)];

    [GeneratedRegex(@"__lock__(-?[0-9]{10})\z")]
    private static partial Regex Node { get; }
}
