using System.Text.RegularExpressions;

namespace LeaderElection.ZooKeeper.Nodes;

/// <summary><c>UUID__lock__0000000003</c>, as Kazoo's Election and Lock have it. Other children are nobody's.</summary>
internal sealed partial class KazooNaming : NodeNaming
{
    public override string Prefix(string id) => $"{id}__lock__";

    public override string[] Queue(string[] children) => InOrder(
        from child in children
        let match = Node.Match(child)
        where match.Success
        let number = Number(match.Groups[1].ValueSpan)
        where number is not null
        select (child, number.Value));

    [GeneratedRegex(@"__lock__(-?[0-9]{10})\z")]
    private static partial Regex Node { get; }
}
