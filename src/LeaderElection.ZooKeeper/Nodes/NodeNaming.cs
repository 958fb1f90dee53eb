using System.Globalization;
using System.Text;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.ZooKeeper.Nodes;

/// <summary>How the candidates of an election name their nodes, and in which order those stand.</summary>
internal abstract class NodeNaming
{
    /// <summary>What kind of node holds the candidates' nodes.</summary>
    public virtual CreateMode ParentMode => CreateMode.Persistent;

    public static NodeNaming Create(ZooKeeperNodeNaming naming) => naming switch
    {
        ZooKeeperNodeNaming.CuratorLatch => new CuratorLatchNaming(),
        ZooKeeperNodeNaming.Kazoo => new KazooNaming(),
        _ => new OwnNaming(),
    };

    /// <summary>A new node's name; the server appends ten digits.</summary>
    /// <param name="id">Random, 32 hex digits: by it the node is found again after a lost reply.</param>
    public abstract string Prefix(string id);

    /// <summary>The children that stand for candidates, the leader first.</summary>
    public abstract string[] Queue(string[] children);

    /// <summary>
    /// Sorts nodes by the number that the server gave them. That is one of 32 bits and becomes negative after 2^31: how
    /// far each is from one of them does not mind. Curator and Kazoo compare text, and then take the newest for the first.
    /// </summary>
    protected static string[] InOrder(IEnumerable<(string Name, int Number)> nodes)
    {
        var all = nodes.ToArray();
        if (all is [])
            return [];
        var some = all[0].Number;
        return [.. all.OrderBy(n => unchecked(n.Number - some)).Select(n => n.Name)];
    }

    /// <summary>A number as the server appends it.</summary>
    protected static int? Number(ReadOnlySpan<char> digits) =>
        int.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>What is written into the node.</summary>
    public virtual byte[] Data(string candidateId, string id) => Encoding.UTF8.GetBytes(candidateId);

    /// <summary>Whose node it is; its name where its owner did not say.</summary>
    public virtual string Candidate(byte[] data, string name) => data is [] ? name : Encoding.UTF8.GetString(data);
}
