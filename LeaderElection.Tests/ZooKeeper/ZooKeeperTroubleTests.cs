using LeaderElection.Tests.Conformance;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;
using LeaderElection.ZooKeeper;

namespace LeaderElection.Tests.ZooKeeper;

/// <summary>Servers that hang up without saying why.</summary>
public sealed class ZooKeeperTroubleTests
{
    [Fact]
    public async Task Server_ThatTakesNoMoreConnections_IsTroubleThatIsToldOnceWithTheLikelyReason()
    {
        await using var server = await ZooKeeperServer.StartNewAsync("maxClientCnxns=1");
        await using var line = new DroppingProxy(server.Port);
        await using var only = TestClient.Create(server.Endpoint);
        await only.PingAsync();
        var log = new LineLogger();
        await using var backend = Backend(line.Endpoint, log);
        using var stop = new CancellationTokenSource();
        var campaign = backend.CreateElection("e", "a").CampaignAsync(stop.Token).AsTask();
        await Eventually.TrueAsync(() => line.Accepted >= 12, "a dozen attempts");
        // A busy server may also let a connection wait for an answer: that is another trouble.
        Assert.Single(log.Lines, line => line.Contains("maxClientCnxns", StringComparison.Ordinal));
        await only.DisposeAsync();
        await campaign;
    }

    [Fact]
    public async Task Server_ThatLostItsData_IsAskedToCloseTheOldSessionForAWhileAndNotForEver()
    {
        await using var server = await ZooKeeperServer.StartNewAsync();
        await using var backend = Backend(server.Endpoint, new LineLogger(), TimeSpan.FromSeconds(1));
        var leader = await backend.CreateElection("e", "a").CampaignAsync();
        await using (var busy = TestClient.Create(server.Endpoint))
        {
            // More than the new server will have seen: it turns away who has.
            await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => busy.SetDataAsync("/election", default)));
        }
        await backend.PingAsync();
        await server.KillAsync();
        server.Wipe();
        await server.StartAsync();
        await Eventually.TrueAsync(() => !leader.IsValid, "the session to be lost");
        await backend.CreateElection("e", "a").CampaignAsync();
        await Eventually.TrueAsync(() => backend.OpenSessions == 1, "the old session to be given up");
    }

    private static ZooKeeperElectionBackend Backend(string endpoint, LineLogger log, TimeSpan? lease = null) => new(
        new ZooKeeperElectionOptions { ConnectionString = endpoint, LeaseDuration = lease ?? TimeSpan.FromSeconds(20) },
        log.For<ZooKeeperElectionBackend>());
}
