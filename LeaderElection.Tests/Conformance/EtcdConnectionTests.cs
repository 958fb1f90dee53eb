using System.Net;
using System.Net.Sockets;
using LeaderElection.Etcd;

namespace LeaderElection.Tests.Conformance;

/// <summary>What a connection to etcd makes of a network that breaks it.</summary>
public sealed class EtcdConnectionTests
{
    [Fact]
    public async Task Ask_ConnectionResetWhileItIsMade_IsTroubleWithTheStore()
    {
        // The reset comes a little earlier or later each time: some of these hit the moment.
        await AskAsync(1000, socket => socket.LingerState = new LingerOption(true, 0), error => Assert.True(error.IsTransient));
    }

    [Fact]
    public async Task Ask_ConnectionClosedWithoutAWord_AsksWhetherThatIsEtcd()
    {
        var request = new byte[4096];
        await AskAsync(100, socket => socket.Receive(request), error =>
        {
            Assert.True(error.IsTransient);
            Assert.EndsWith(EtcdFailure.IsThisEtcd, error.Message);
        });
    }

    /// <summary>Asks again and again something that takes each connection, does that to it, and closes it.</summary>
    private static async Task AskAsync(int count, Action<Socket> treat, Action<ElectionStoreException> check)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var treating = Task.Run(() => TreatAll(listener, treat));
        using var connection = new EtcdConnection(new EtcdElectionOptions { ConnectionString = $"http://{listener.LocalEndpoint}" }, TimeProvider.System);
        var requests = new EtcdRequests(connection);
        for (var i = 0; i < count; i++)
            check(await Assert.ThrowsAsync<ElectionStoreException>(() => requests.StatusAsync(CancellationToken.None).AsTask()));
        listener.Stop();
        await treating;
    }

    private static void TreatAll(TcpListener listener, Action<Socket> treat)
    {
        try
        {
            while (true)
            {
                using var socket = listener.AcceptSocket();
                treat(socket);
            }
        }
        catch (SocketException)
        {
            // The test is over.
        }
    }
}
