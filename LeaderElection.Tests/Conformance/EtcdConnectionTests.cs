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
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var resetting = Task.Run(() => ResetAll(listener));
        using var connection = new EtcdConnection(new EtcdElectionOptions { ConnectionString = $"http://{listener.LocalEndpoint}" }, TimeProvider.System);
        var requests = new EtcdRequests(connection);
        // The reset comes a little earlier or later each time: some of these hit the moment.
        for (var i = 0; i < 1000; i++)
        {
            var error = await Assert.ThrowsAsync<ElectionStoreException>(() => requests.StatusAsync(CancellationToken.None).AsTask());
            Assert.True(error.IsTransient);
        }
        listener.Stop();
        await resetting;
    }

    private static void ResetAll(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using var socket = listener.AcceptSocket();
                socket.LingerState = new LingerOption(true, 0);
            }
        }
        catch (SocketException)
        {
            // The test is over.
        }
    }
}
