using System.Text;
using LeaderElection.ZooKeeper;
using LeaderElection.ZooKeeper.Nodes;

namespace LeaderElection.Tests.Unit;

public sealed class NodeNamingTests
{
    private const string Id = "0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData(ZooKeeperNodeNaming.Sequence, "node_")]
    [InlineData(ZooKeeperNodeNaming.CuratorLatch, "_c_01234567-89ab-cdef-0123-456789abcdef-latch-")]
    [InlineData(ZooKeeperNodeNaming.Kazoo, "0123456789abcdef0123456789abcdef__lock__")]
    public void Prefix_IsThatOfItsFamily(ZooKeeperNodeNaming naming, string prefix) =>
        Assert.Equal(prefix, NodeNaming.Create(naming).Prefix(Id));

    [Theory]
    [InlineData(ZooKeeperNodeNaming.Sequence)]
    [InlineData(ZooKeeperNodeNaming.CuratorLatch)]
    [InlineData(ZooKeeperNodeNaming.Kazoo)]
    public void Queue_OfOwnNodes_IsInTheOrderOfTheirNumbers(ZooKeeperNodeNaming naming)
    {
        var ours = NodeNaming.Create(naming);
        string[] nodes = [.. Enumerable.Range(95, 10).Select(i => $"{ours.Prefix(Guid.NewGuid().ToString("N"))}{i:D10}")];
        string[] shuffled = [.. nodes];
        Random.Shared.Shuffle(shuffled);
        Assert.Equal(nodes, ours.Queue(shuffled));
    }

    /// <summary>Also where peers of that family, which compare text, take the newest for the first.</summary>
    [Theory]
    [InlineData(ZooKeeperNodeNaming.Sequence)]
    [InlineData(ZooKeeperNodeNaming.CuratorLatch)]
    [InlineData(ZooKeeperNodeNaming.Kazoo)]
    public void Queue_NumbersThatBecameNegative_StandBehindThoseBefore(ZooKeeperNodeNaming naming)
    {
        var ours = NodeNaming.Create(naming);
        string[] nodes = [.. Enumerable.Range(0, 4).Select(i => $"{ours.Prefix(Id)}{unchecked(int.MaxValue - 1 + i):D10}")];
        Assert.Equal(nodes, ours.Queue([nodes[3], nodes[1], nodes[0], nodes[2]]));
    }

    [Fact]
    public void Queue_Sequence_IgnoresOthersAndWrapsAround() => Assert.Equal(
        ["node_2147483646", "node_2147483647", "node_-2147483648", "node_-2147483647"],
        NodeNaming.Create(ZooKeeperNodeNaming.Sequence).Queue(
            ["node_-2147483647", "node_2147483647", "lock-0000000000", "node_x", "config", "node_-2147483648", "node_2147483646"]));

    [Fact]
    public void Queue_Kazoo_IgnoresWhatItsPatternDoes() => Assert.Equal(
        ["ffff__lock__0000000001", "0000__lock__0000000002"],
        NodeNaming.Create(ZooKeeperNodeNaming.Kazoo).Queue(
            ["0000__lock__0000000002", "1__rlock__0000000000", "_c_1-latch-0000000000", "ffff__lock__0000000001", "x__lock__1"]));

    [Fact]
    public void Queue_Curator_CountsEveryChildByWhatFollowsTheMarker() => Assert.Equal(
        ["_c_b-latch-0000000001", "_c_a-latch-0000000002", "a-stranger"],
        NodeNaming.Create(ZooKeeperNodeNaming.CuratorLatch).Queue(["a-stranger", "_c_a-latch-0000000002", "_c_b-latch-0000000001"]));

    [Theory]
    [InlineData(ZooKeeperNodeNaming.Sequence, $"worker-1 {Id}")]
    [InlineData(ZooKeeperNodeNaming.CuratorLatch, "worker-1")]
    [InlineData(ZooKeeperNodeNaming.Kazoo, "worker-1")]
    public void Data_NamesTheCandidate(ZooKeeperNodeNaming naming, string data)
    {
        var ours = NodeNaming.Create(naming);
        Assert.Equal(data, Encoding.UTF8.GetString(ours.Data("worker-1", Id)));
        Assert.Equal("worker-1", ours.Candidate(ours.Data("worker-1", Id), "node"));
        Assert.Equal("node", ours.Candidate([], "node"));
    }
}
