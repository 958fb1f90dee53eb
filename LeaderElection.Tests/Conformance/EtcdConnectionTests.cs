using System.Net;
using System.Net.Sockets;
using LeaderElection.Etcd;
using LeaderElection.Tests.Servers;

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

    /// <summary>Found by a chaos run: it came out of a campaign as a bare cancellation, and ended the process.</summary>
    [Fact]
    public async Task Ask_ConnectionIsNotTakenInTime_IsTroubleWithTheStore()
    {
        using var hole = await BlackHole.OpenAsync();
        // The time of the request does not pass, so that of the connection ends it.
        using var connection = Connect(hole.Listener, new VirtualTime());
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => new EtcdRequests(connection, new EtcdHistory()).StatusAsync(CancellationToken.None).AsTask());
        Assert.True(error.IsTransient);
        Assert.DoesNotContain(EtcdFailure.IsThisEtcd, error.Message);
    }

    [Fact]
    public async Task Ask_TokenThatAnotherAskedForDoesNotCome_IsTroubleWithTheStore()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var time = new VirtualTime();
        using var connection = Connect(listener, time, ";username=a;password=b");
        var requests = new EtcdRequests(connection, new EtcdHistory());
        var first = requests.StatusAsync(CancellationToken.None).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(300));
        var second = requests.StatusAsync(CancellationToken.None).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(300));
        Assert.True((await Assert.ThrowsAsync<ElectionStoreException>(() => first)).IsTransient);
        Assert.True((await Assert.ThrowsAsync<ElectionStoreException>(() => second)).IsTransient);
    }

    [Fact]
    public void Channel_OfManyProcesses_BeginsAtEveryEndpoint()
    {
        var options = new EtcdElectionOptions { ConnectionString = "http://a:1,http://b:1" };
        var first = Enumerable.Range(0, 64).Select(_ =>
        {
            using var connection = new EtcdConnection(options, TimeProvider.System);
            return connection.Channel.Endpoint.Host;
        });
        Assert.Equal(["a", "b"], first.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Dispose_WhileARequestMovesOn_OpensNoOtherConnection()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connection = new EtcdConnection(
            new EtcdElectionOptions { ConnectionString = $"http://{listener.LocalEndpoint},http://{listener.LocalEndpoint}" }, TimeProvider.System);
        var before = connection.Channel;
        connection.Dispose();
        connection.MoveFrom(before);
        Assert.Same(before, connection.Channel);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(
            () => new EtcdRequests(connection, new EtcdHistory()).StatusAsync(CancellationToken.None).AsTask());
        Assert.Contains("given up", error.Message);
        Assert.False(listener.Pending());
    }

    private static EtcdConnection Connect(TcpListener listener, TimeProvider time, string more = "") => new(
        // Patience is a quarter of the lease: half a second.
        new EtcdElectionOptions { ConnectionString = $"http://{listener.LocalEndpoint}{more}", LeaseDuration = TimeSpan.FromSeconds(2) }, time);

    /// <summary>Asks again and again something that takes each connection, does that to it, and closes it.</summary>
    private static async Task AskAsync(int count, Action<Socket> treat, Action<ElectionStoreException> check)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var treating = Task.Run(() => TreatAll(listener, treat));
        using var connection = new EtcdConnection(new EtcdElectionOptions { ConnectionString = $"http://{listener.LocalEndpoint}" }, TimeProvider.System);
        var requests = new EtcdRequests(connection, new EtcdHistory());
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
