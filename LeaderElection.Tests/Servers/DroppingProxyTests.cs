using System.Net;
using System.Net.Sockets;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

public sealed class DroppingProxyTests : IAsyncLifetime
{
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly TcpClient _client = new();
    private DroppingProxy _proxy = null!;
    private Socket _served = null!;

    public async Task InitializeAsync()
    {
        _server.Start();
        _proxy = new DroppingProxy(((IPEndPoint)_server.LocalEndpoint).Port);
        await _client.ConnectAsync(IPAddress.Loopback, _proxy.Port);
        _served = await _server.AcceptSocketAsync();
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _client.Dispose();
        _served.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task Drop_NothingArrives_UntilResume()
    {
        await _client.Client.SendAsync("a"u8.ToArray());
        Assert.Equal((byte)'a', await ReceiveAsync(_served));
        _proxy.Drop();
        await _client.Client.SendAsync("b"u8.ToArray());
        // Another connection opens meanwhile, and the server does not see it.
        using var late = new TcpClient();
        await late.ConnectAsync(IPAddress.Loopback, _proxy.Port);
        await Eventually.TrueAsync(() => _proxy.Accepted == 2, "the second connection");
        Assert.False(_server.Pending());
        Assert.Equal(0, _served.Available);
        _proxy.Resume();
        Assert.Equal((byte)'b', await ReceiveAsync(_served));
        using var served = await _server.AcceptSocketAsync();
        await _served.SendAsync("c"u8.ToArray());
        Assert.Equal((byte)'c', await ReceiveAsync(_client.Client));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DropOneWay_TheOtherWayIsOpen(bool answers)
    {
        if (answers)
            _proxy.DropAnswers();
        else
            _proxy.DropRequests();
        var (deaf, heard) = answers ? (_client.Client, _served) : (_served, _client.Client);
        await heard.SendAsync("a"u8.ToArray());
        await deaf.SendAsync("b"u8.ToArray());
        Assert.Equal((byte)'b', await ReceiveAsync(heard));
        Assert.Equal(0, deaf.Available);
        _proxy.Resume();
        Assert.Equal((byte)'a', await ReceiveAsync(deaf));
    }

    [Fact]
    public async Task Cut_WhileDropping_ResetsBothSides()
    {
        _proxy.Drop();
        _proxy.Cut();
        await Assert.ThrowsAsync<SocketException>(() => ReceiveAsync(_client.Client));
        await Assert.ThrowsAsync<SocketException>(() => ReceiveAsync(_served));
    }

    [Fact]
    public async Task Close_OfOneSide_ReachesTheOther()
    {
        _client.Close();
        Assert.Equal(-1, await ReceiveAsync(_served));
    }

    private static async Task<int> ReceiveAsync(Socket socket)
    {
        using var late = new CancellationTokenSource(Eventually.Limit, TimeProvider.System);
        var buffer = new byte[1];
        return await socket.ReceiveAsync(buffer, late.Token) == 0 ? -1 : buffer[0];
    }
}
