using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

public sealed class ZooKeeperServerTests
{
    [Fact]
    public async Task StartAsync_AfterKill_HasItsData()
    {
        await using var server = await ZooKeeperServer.StartNewAsync();
        await server.CliAsync("create", "/a/b", "1");
        await server.KillAsync();
        await server.StartAsync();
        Assert.Equal("1", await server.CliAsync("get", "/a/b"));
        Assert.Equal("b", await server.CliAsync("ls", "/a"));
        await server.CliAsync("delete", "/a");
        Assert.Equal("zookeeper", await server.CliAsync("ls", "/"));
        Assert.Contains("zk_znode_count", await server.FourLetterAsync("mntr"));
    }

    [Fact]
    public async Task StartAsync_BadSetting_SaysWhatZooKeeperPrinted()
    {
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => ZooKeeperServer.StartNewAsync("clientPort=none"));
        Assert.Contains("none", e.Message);
    }

    [Fact]
    public async Task Ensemble_LeaderKilledOrFrozen_AnotherLeads()
    {
        await using var ensemble = await ZooKeeperEnsemble.StartNewAsync();
        var first = await ensemble.LeaderIndexAsync();
        await ensemble.Members[first].CliAsync("create", "/a", "1");
        await ensemble.Members[first].KillAsync();
        var second = await ensemble.LeaderIndexAsync();
        Assert.NotEqual(first, second);
        await ensemble.Members[first].StartAsync();
        Assert.Equal("1", await ensemble.Members[first].CliAsync("get", "/a"));

        ensemble.Members[second].Freeze();
        // What it had begun to answer may still come.
        await Eventually.GetAsync(ensemble.LeaderIndexAsync, leader => leader != second, "another to lead");
        ensemble.Members[second].Continue();
        Assert.Equal(3, ensemble.ConnectionString.Split(',').Length);
    }
}
