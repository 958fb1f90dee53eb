namespace LeaderElection.Tests.Servers;

public sealed class EtcdServerTests
{
    [Fact]
    public async Task StartAsync_AfterKill_HasItsData()
    {
        await using var server = await EtcdServer.StartNewAsync();
        await server.CtlAsync("put", "a", "1");
        await server.KillAsync();
        await server.StartAsync();
        Assert.Equal("1", await server.CtlAsync("get", "a", "--print-value-only"));
        Assert.Equal(1, await server.MetricAsync("etcd_server_is_leader"));
    }

    [Fact]
    public async Task StartAsync_BadSetting_SaysWhatEtcdPrinted()
    {
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => EtcdServer.StartNewAsync("--no-such-setting"));
        Assert.Contains("no-such-setting", e.Message);
    }

    [Fact]
    public async Task Cluster_LeaderKilledOrFrozen_AnotherLeads()
    {
        await using var cluster = await EtcdCluster.StartNewAsync();
        var first = await cluster.LeaderIndexAsync();
        await cluster.Members[first].CtlAsync("put", "a", "1");
        await cluster.Members[first].KillAsync();
        var second = await cluster.LeaderIndexAsync();
        Assert.NotEqual(first, second);
        await cluster.Members[first].StartAsync();
        Assert.Equal("1", await cluster.Members[first].CtlAsync("get", "a", "--print-value-only"));

        cluster.Members[second].Freeze();
        Assert.NotEqual(second, await cluster.LeaderIndexAsync());
        cluster.Members[second].Continue();
        Assert.Equal(3, cluster.ConnectionString.Split(',').Length);
    }
}
