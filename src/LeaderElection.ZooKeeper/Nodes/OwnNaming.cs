using System.Text;

namespace LeaderElection.ZooKeeper.Nodes;

/// <summary><c>node_0000000003</c>, with "candidate id" in it. Other children are nobody's.</summary>
internal sealed class OwnNaming : NodeNaming
{
    private const string Start = "node_";

    public override string Prefix(string id) => Start;

    public override string[] Queue(string[] children) => InOrder(
        from child in children
        where child.StartsWith(Start, StringComparison.Ordinal)
        let number = Number(child.AsSpan(Start.Length))
        where number is not null
        select (child, number.Value));

    public override byte[] Data(string candidateId, string id) => Encoding.UTF8.GetBytes($"{candidateId} {id}");

    public override string Candidate(byte[] data, string name) => base.Candidate(data, name).Split(' ')[0];
}
