using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Tests.App;

namespace LeaderElection.Tests.Hosting;

public sealed class ZooKeeperResourceTests
{
    private readonly IDistributedApplicationBuilder _builder = TestApplication.CreateBuilder();

    [Fact]
    public async Task AddZooKeeper_IsOneContainerOfAPinnedImage()
    {
        var zooKeeper = _builder.AddZooKeeper("zookeeper", port: 2181).Resource;

        Assert.Matches(@"^docker\.io/library/zookeeper:3\.9\.\d+$", Composition.ImageOf(zooKeeper));
        Assert.Equal([zooKeeper], zooKeeper.Members);
        var endpoint = Assert.Single(zooKeeper.Annotations.OfType<EndpointAnnotation>());
        Assert.Equal(("tcp", "tcp", 2181, 2181), (endpoint.Name, endpoint.UriScheme, endpoint.Port, endpoint.TargetPort));
        Assert.Single(zooKeeper.Annotations.OfType<HealthCheckAnnotation>());
        var environment = await Composition.EnvironmentOfAsync(_builder, zooKeeper);
        Assert.Equal(("1", "server.1=zookeeper:2888:3888;2181"), (environment["ZOO_MY_ID"], environment["ZOO_SERVERS"]));
        Assert.Equal("minSessionTimeout=500 maxSessionTimeout=3600000", environment["ZOO_CFG_EXTRA"]);
        Assert.Equal(("1", "0"), (environment["ZOO_AUTOPURGE_PURGEINTERVAL"], environment["ZOO_MAX_CLIENT_CNXNS"]));
    }

    [Fact]
    public async Task ConnectionString_ListsTheMembersAddresses()
    {
        var zooKeeper = _builder.AddZooKeeper("zk").WithMembers(3).Resource;
        Composition.Allocate(zooKeeper.Members);

        Assert.Equal(
            string.Join(',', new[] { "zk", "zk-2", "zk-3" }.Select(member => $"{{{member}.bindings.tcp.host}}:{{{member}.bindings.tcp.port}}")),
            zooKeeper.ConnectionStringExpression.ValueExpression);
        Assert.Equal("localhost:5001,localhost:5002,localhost:5003", await zooKeeper.ConnectionStringExpression.GetValueAsync(CancellationToken.None));
    }

    [Fact]
    public async Task WithMembers_Five_AreContainersThatFindEachOtherByName()
    {
        var zooKeeper = _builder.AddZooKeeper("zk").WithMembers(5).Resource;

        Assert.Equal(["zk", "zk-2", "zk-3", "zk-4", "zk-5"], zooKeeper.Members.Select(member => member.Name));
        Assert.All(zooKeeper.Members.Skip(1), member => Assert.Same(zooKeeper, Composition.ParentOf(member)));
        for (var i = 0; i < 5; i++)
        {
            var environment = await Composition.EnvironmentOfAsync(_builder, zooKeeper.Members[i]);
            Assert.Equal($"{i + 1}", environment["ZOO_MY_ID"]);
            Assert.Equal(
                "server.1=zk:2888:3888;2181 server.2=zk-2:2888:3888;2181 server.3=zk-3:2888:3888;2181 server.4=zk-4:2888:3888;2181 server.5=zk-5:2888:3888;2181",
                environment["ZOO_SERVERS"]);
        }
    }

    [Fact]
    public void WithMembers_EvenNumber_IsRefusedInOneLine()
    {
        var refusal = Assert.Throws<ArgumentOutOfRangeException>(() => _builder.AddZooKeeper("zk").WithMembers(2));

        Assert.Equal("'zk' cannot have 2 members: a quorum is had with 1, 3, 5 or 7. (Parameter 'count')", refusal.Message);
    }

    [Fact]
    public async Task WithDataVolume_HoldsSnapshotsAndLog()
    {
        var zooKeeper = _builder.AddZooKeeper("zk").WithDataVolume("mine").WithMembers(3).Resource;

        Assert.Equal(["mine-1-of-3", "mine-2-of-3", "mine-3-of-3"], zooKeeper.Members.Select(member => Composition.MountOf(member).Source));
        Assert.All(zooKeeper.Members, member => Assert.Equal("/data", Composition.MountOf(member).Target));
        Assert.Equal("/data", (await Composition.EnvironmentOfAsync(_builder, zooKeeper))["ZOO_DATA_LOG_DIR"]);
    }

    [Fact]
    public void WithDataBindMount_RelativeFolder_IsBesideTheAppHost()
    {
        var zooKeeper = _builder.AddZooKeeper("zk").WithDataBindMount("zk-data").Resource;

        Assert.Equal(Path.Combine(_builder.AppHostDirectory, "zk-data"), Composition.MountOf(zooKeeper).Source);
    }
}
