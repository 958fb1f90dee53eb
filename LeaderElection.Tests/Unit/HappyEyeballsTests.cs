using System.Net;
using System.Net.Sockets;
using LeaderElection.Network;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Unit;

public sealed class HappyEyeballsTests
{
    [Fact]
    public async Task Connect_FirstAddressAnswersNothing_TakesTheNext()
    {
        using var listener = Listen(out var port);
        using var hole = await BlackHole.OpenAsync(new IPEndPoint(IPAddress.Parse("127.0.0.2"), port));
        using var late = new CancellationTokenSource(Eventually.Limit, TimeProvider.System);
        using var socket = await HappyEyeballs.ConnectAsync([IPAddress.Parse("127.0.0.2"), IPAddress.Loopback], port, TimeProvider.System, late.Token);
        Assert.Equal(listener.LocalEndpoint, socket.RemoteEndPoint);
    }

    [Fact]
    public async Task Connect_FirstAddressRefuses_TakesTheNextWithoutWaiting()
    {
        using var listener = Listen(out var port);
        // Time stands still: nobody's turn comes by itself.
        using var socket = await HappyEyeballs.ConnectAsync(
            [IPAddress.Parse("127.0.0.2"), IPAddress.Parse("127.0.0.3"), IPAddress.Loopback], port, new VirtualTime(), CancellationToken.None)
            .WaitAsync(Eventually.Limit, TimeProvider.System);
        Assert.Equal(listener.LocalEndpoint, socket.RemoteEndPoint);
    }

    [Fact]
    public async Task Connect_NobodyAnswers_EndsWhenItIsCalledOff()
    {
        using var hole = await BlackHole.OpenAsync();
        using var stop = new CancellationTokenSource();
        var connecting = HappyEyeballs.ConnectAsync(
            [IPAddress.Loopback, IPAddress.Loopback], ((IPEndPoint)hole.Listener.LocalEndpoint).Port, TimeProvider.System, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(Eventually.Limit, TimeProvider.System));
    }

    [Fact]
    public async Task Connect_AllRefuse_SaysSo()
    {
        Listen(out var port).Dispose();
        var error = await Assert.ThrowsAsync<SocketException>(
            () => HappyEyeballs.ConnectAsync([IPAddress.Parse("127.0.0.2"), IPAddress.Loopback], port, TimeProvider.System, CancellationToken.None));
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    private static TcpListener Listen(out int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        return listener;
    }
}
