using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Tests.ZooKeeper;

/// <summary>Something at the other end of the connection that is no ZooKeeper server, or a broken one.</summary>
internal sealed class FakePeer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<Stream, int, Task> _serve;
    private readonly List<TcpClient> _connections = [];
    private readonly Task _accepting;

    /// <param name="serve">What it does with a connection; the number counts them from 1.</param>
    public FakePeer(Func<Stream, int, Task> serve)
    {
        _serve = serve;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Endpoint => _listener.LocalEndpoint.ToString()!;

    public static async Task<byte[]> ReadFrameAsync(Stream stream)
    {
        var length = new byte[4];
        await stream.ReadExactlyAsync(length);
        var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        await stream.ReadExactlyAsync(frame);
        return frame;
    }

    /// <summary>Reads a handshake, and answers with a session of 3 s.</summary>
    /// <returns>The session that was asked for.</returns>
    public static async Task<long> ShakeHandsAsync(Stream stream, long session)
    {
        var asked = await ReadFrameAsync(stream);
        var reader = new JuteReader(asked);
        reader.Int();
        reader.Long();
        reader.Int();
        var wanted = reader.Long();
        await SendAsync(stream, new JuteWriter().Int(0).Int(3000).Long(session).Buffer(new byte[16]));
        return wanted;
    }

    public static async Task SendAsync(Stream stream, JuteWriter frame) =>
        await stream.WriteAsync(new JuteWriter().Buffer(frame.Written.Span).Written);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        foreach (var connection in _connections)
            connection.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var connection = await _listener.AcceptTcpClientAsync();
                _connections.Add(connection);
                _ = ServeAsync(connection, _connections.Count);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }

    private async Task ServeAsync(TcpClient connection, int number)
    {
        try
        {
            await _serve(connection.GetStream(), number);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
        }
        connection.Dispose();
    }
}
