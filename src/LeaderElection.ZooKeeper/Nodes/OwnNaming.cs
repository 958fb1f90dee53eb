using System.Globalization;
using System.Text;

namespace LeaderElection.ZooKeeper.Nodes;

/// <summary><c>node_0000000003</c>, with "candidate id" in it. Other children are nobody's.</summary>
internal sealed class OwnNaming : NodeNaming
{
    private const string Start = "node_";

    public override string Prefix(string id) => Start;

    public override string[] Queue(string[] children)
    {
        var nodes = children.Where(c => Number(c) is not null).ToArray();
        if (nodes is [])
            return nodes;
        // The numbers wrap around after 2^31; how far each is from one of them does not mind.
        var some = Number(nodes[0])!.Value;
        Array.Sort([.. nodes.Select(c => unchecked(Number(c)!.Value - some))], nodes);
        return nodes;
    }

    public override byte[] Data(string candidateId, string id) => Encoding.UTF8.GetBytes($"{candidateId} {id}");

    public override string Candidate(byte[] data, string name) => base.Candidate(data, name).Split(' ')[0];

    private static int? Number(string name) =>
        name.StartsWith(Start, StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(Start.Length), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
