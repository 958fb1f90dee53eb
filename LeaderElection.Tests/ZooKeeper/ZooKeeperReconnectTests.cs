using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Tests.ZooKeeper;

/// <summary>What becomes of a session when its server goes.</summary>
public sealed class ZooKeeperReconnectTests
{
    [Fact]
    public async Task ServerRestarted_SessionAndWatchesGoOn()
    {
        await using var server = await ZooKeeperServer.StartNewAsync();
        await using var client = TestClient.Create(server.Endpoint, TimeSpan.FromSeconds(60));
        var states = new List<string>();
        client.Connected += isNew => states.Add(isNew ? "new" : "again");
        client.Suspended += _ => states.Add("suspended");
        var node = (await client.CreateAsync("/n", [], Acl.Open, CreateMode.Ephemeral)).Required();
        var fired = new TaskCompletionSource<WatchEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        (await client.GetDataAsync("/n", new Watch(fired.SetResult))).Required();
        var minded = new TaskCompletionSource<WatchEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        (await client.GetDataAsync("/n", new Watch(minded.SetResult, minds: true))).Required();
        var session = client.SessionId;

        await server.KillAsync();
        Assert.Equal(WatchEvent.Unsure, await minded.Task.WaitAsync(Eventually.Limit, TimeProvider.System));
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => client.PingAsync());
        Assert.True(error.IsTransient);
        Assert.Contains("no connection (ConnectionRefused)", error.Message);
        await server.StartAsync();

        await Eventually.TrueAsync(() => client.IsConnected, "the client to be back");
        Assert.Equal(session, client.SessionId);
        Assert.Equal(node.Stat.Czxid, (await client.ExistsAsync("/n")).Required().Czxid);
        Assert.Equal(["new", "suspended", "again"], states);
        Assert.False(fired.Task.IsCompleted);
        await using var other = TestClient.Create(server.Endpoint);
        (await other.DeleteAsync("/n")).Required();
        Assert.Equal(WatchEvent.NodeDeleted, await fired.Task.WaitAsync(Eventually.Limit, TimeProvider.System));
    }

    /// <summary>As ZooKeeper 3.8.0 does with some that come while it starts.</summary>
    [Fact]
    public async Task ConnectionIsTakenAndNeverAnswered_AnotherIsMade()
    {
        await using var server = await ZooKeeperServer.StartNewAsync();
        await using var proxy = new CuttingProxy(server.Port);
        await using var client = TestClient.Create(proxy.Endpoint, TimeSpan.FromSeconds(60));
        (await client.CreateAsync("/n", [], Acl.Open, CreateMode.Ephemeral)).Required();
        var session = client.SessionId;

        proxy.ConnectionsToIgnore = 1;
        proxy.Cut();

        await Eventually.TrueAsync(() => proxy.ConnectionsToIgnore == 0 && client.IsConnected, "the client to be back");
        Assert.Equal(session, client.SessionId);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task MemberGone_SessionGoesOnAtAnother(bool isFrozen)
    {
        await using var ensemble = await ZooKeeperEnsemble.StartNewAsync();
        await using var client = TestClient.Create(ensemble.ConnectionString, TimeSpan.FromSeconds(20));
        (await client.CreateAsync("/n", [], Acl.Open, CreateMode.Ephemeral)).Required();
        var fired = new TaskCompletionSource<WatchEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        (await client.GetDataAsync("/n", new Watch(fired.SetResult))).Required();
        var session = client.SessionId;
        var at = await ServerOfAsync(ensemble, session);
        if (isFrozen)
            at.Freeze();
        else
            await at.KillAsync();

        // A frozen member is found out by a request that it leaves unanswered.
        await Eventually.GetAsync(
            async () =>
            {
                try
                {
                    return (await client.SyncAsync("/")).Code;
                }
                catch (ElectionStoreException e)
                {
                    Assert.True(e.IsTransient);
                    return ErrorCode.ConnectionLoss;
                }
            },
            code => code == ErrorCode.Ok, "an answer from another member");
        Assert.Equal(session, client.SessionId);
        await using var other = TestClient.Create(string.Join(',', ensemble.Members.Where(m => m != at).Select(m => m.Endpoint)));
        (await other.DeleteAsync("/n")).Required();
        Assert.Equal(WatchEvent.NodeDeleted, await fired.Task.WaitAsync(Eventually.Limit, TimeProvider.System));
        if (isFrozen)
            at.Continue();
    }

    private static async Task<ZooKeeperServer> ServerOfAsync(ZooKeeperEnsemble ensemble, long session)
    {
        foreach (var member in ensemble.Members)
        {
            if ((await member.FourLetterAsync("cons")).Contains($"sid=0x{session:x}", StringComparison.Ordinal))
                return member;
        }
        throw new InvalidOperationException("No member knows the session.");
    }
}
