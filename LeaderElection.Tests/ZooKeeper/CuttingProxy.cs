using System.Net;
using System.Net.Sockets;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Tests.ZooKeeper;

/// <summary>Stands between a client and its server, and can cut the line at the worst moment.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> _lines = [];
    private readonly int _port;
    private readonly Task _accepting;
    private int _creates;

    public CuttingProxy(int port)
    {
        _port = port;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Endpoint => _listener.LocalEndpoint.ToString()!;

    /// <summary>How many replies to a create are still to be swallowed, each together with its connection.</summary>
    public int CreateRepliesToLose { get; set; }

    /// <summary>How often a client has sent a create.</summary>
    public int Creates => Volatile.Read(ref _creates);

    /// <summary>Takes connections, but lets nothing through.</summary>
    public bool IsBlocked { get; set; }

    /// <summary>How many connections are still to be taken and never answered.</summary>
    public int ConnectionsToIgnore { get; set; }

    /// <summary>Cuts all lines.</summary>
    public void Cut()
    {
        lock (_lines)
        {
            foreach (var line in _lines)
                line.Dispose();
            _lines.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        Cut();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                var server = new TcpClient();
                lock (_lines) _lines.AddRange([client, server]);
                if (ConnectionsToIgnore > 0)
                    ConnectionsToIgnore--;
                else
                    _ = CarryAsync(client, server);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }

    private async Task CarryAsync(TcpClient client, TcpClient server)
    {
        using (client)
        using (server)
        {
            try
            {
                if (IsBlocked)
                    return;
                await server.ConnectAsync(IPAddress.Loopback, _port);
                var line = new Line();
                await await Task.WhenAny(RequestsAsync(client.GetStream(), server.GetStream(), line), RepliesAsync(server.GetStream(), client.GetStream(), line));
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
            {
            }
        }
    }

    private async Task RequestsAsync(Stream from, Stream to, Line line)
    {
        // The handshake has no operation in it.
        for (var isFirst = true; ; isFirst = false)
        {
            var frame = await FakePeer.ReadFrameAsync(from);
            if (!isFirst && Operation(frame) == OpCode.Create2)
            {
                Interlocked.Increment(ref _creates);
                line.LosesNext = CreateRepliesToLose > 0;
            }
            await to.WriteAsync(new JuteWriter().Buffer(frame).Written);
        }
    }

    private async Task RepliesAsync(Stream from, Stream to, Line line)
    {
        while (true)
        {
            var frame = await FakePeer.ReadFrameAsync(from);
            if (line.LosesNext)
            {
                CreateRepliesToLose--;
                return;
            }
            await to.WriteAsync(new JuteWriter().Buffer(frame).Written);
        }
    }

    private static OpCode Operation(byte[] frame)
    {
        var reader = new JuteReader(frame);
        reader.Int();
        return (OpCode)reader.Int();
    }

    private sealed class Line
    {
        public volatile bool LosesNext;
    }
}
