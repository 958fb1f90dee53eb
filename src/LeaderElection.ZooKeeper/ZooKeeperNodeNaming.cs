namespace LeaderElection.ZooKeeper;

/// <summary>How candidates name their nodes. All candidates of an election must use the same.</summary>
public enum ZooKeeperNodeNaming
{
    /// <summary>
    /// <c>node_0000000003</c>, with "candidate id" in it; the id is random. Children with other names are ignored.
    /// </summary>
    Sequence,

    /// <summary>
    /// <c>_c_UUID-latch-0000000003</c>: a peer of Apache Curator's <c>LeaderLatch</c>. As there, the election's node
    /// is a container, which the server removes while it is empty, and every child counts.
    /// </summary>
    CuratorLatch,

    /// <summary><c>UUID__lock__0000000003</c>: a peer of <c>Election</c> and <c>Lock</c> of Kazoo (Python). Children with other names are ignored.</summary>
    Kazoo,
}
