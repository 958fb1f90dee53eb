using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;
using LeaderElection.ZooKeeper;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Tests.ZooKeeper;

/// <summary>Requests that ZooKeeper comes to long after they were sent.</summary>
public sealed class ZooKeeperLateRequestTests
{
    /// <summary>Why no node can come back that was given up: what the session's connection of before still brings is not carried out.</summary>
    [Fact]
    public async Task Create_OverAConnectionThatTheSessionHasLeft_IsNotCarriedOut()
    {
        await using var ensemble = await ZooKeeperEnsemble.StartNewAsync();
        for (var next = 0; next < 2; next++)
        {
            // The session goes on at the same server, and at another.
            await using var before = await ConnectAsync(ensemble.Members[0]);
            var session = await before.ShakeHandsAsync(new Handshake(0, new byte[16], TestClient.Session), 0, CancellationToken.None);
            await using var after = await ConnectAsync(ensemble.Members[next]);
            Assert.Equal(session.SessionId, (await after.ShakeHandsAsync(session, 0, CancellationToken.None)).SessionId);
            var late = RunAsync(before, new Request<bool>(
                OpCode.Create2, CreateBody($"/late-{next}"), static (ref _) => true, "ZooKeeper", $"/late-{next}"));
            var sync = RunAsync(after, new Request<bool>(OpCode.Sync, new JuteWriter().Text("/"), static (ref _) => true, "ZooKeeper", "/"));
            // The server may hang up on both connections, or on the old one alone.
            await Record.ExceptionAsync(() => sync.WaitAsync(Eventually.Limit, TimeProvider.System));
            var answer = await Record.ExceptionAsync(async () => (await late.WaitAsync(Eventually.Limit, TimeProvider.System)).Required());
            Assert.IsType<ElectionStoreException>(answer);
            await using var observer = TestClient.Create(ensemble.Members[next].Endpoint);
            (await observer.SyncAsync("/")).Required();
            Assert.Equal(ErrorCode.NoNode, (await observer.ExistsAsync($"/late-{next}")).Code);
        }
    }

    private static Task<ServerConnection> ConnectAsync(ZooKeeperServer server) =>
        ServerConnection.OpenAsync(new ServerAddress("127.0.0.1", server.Port), null, TimeProvider.System, CancellationToken.None);

    private static Task<Reply<bool>> RunAsync(ServerConnection connection, Request<bool> request)
    {
        if (!connection.TrySend(request))
            request.Fail(new ElectionStoreException("the connection has ended", isTransient: true));
        var evidence = new SessionEvidence(TimeProvider.System);
        evidence.Handshake(0, 0, TestClient.Session);
        _ = connection.RunAsync(new WatchRegistry(), evidence, e => new ElectionStoreException(e.Message, isTransient: true));
        return request.Reply;
    }

    private static JuteWriter CreateBody(string path)
    {
        var body = new JuteWriter().Text(path).Buffer([]);
        Acl.Write(body, Acl.Open);
        return body.Int((int)CreateMode.Ephemeral);
    }
}
