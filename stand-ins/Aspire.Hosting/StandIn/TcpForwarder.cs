using System.Net;
using System.Net.Sockets;

namespace Aspire.Hosting.StandIn;

/// The one address of a replicated endpoint: spreads connections over the ports of the replicas that run.
internal sealed class TcpForwarder : IAsyncDisposable
{
    private readonly Func<IReadOnlyList<int>> _targets;
    private readonly List<TcpListener> _listeners = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _accepting = [];
    private int _next;

    public TcpForwarder(int port, Func<IReadOnlyList<int>> targets)
    {
        _targets = targets;
        foreach (var address in Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : new[] { IPAddress.Loopback })
        {
            var listener = new TcpListener(address, port);
            try
            {
                listener.Start();
            }
            catch (SocketException) when (_listeners.Count > 0)
            {
                // IPv6 is compiled in but switched off: 127.0.0.1 will do.
                continue;
            }
            catch (SocketException e)
            {
                throw new DistributedApplicationException($"Port {port} cannot be listened on: {e.Message}", e);
            }

            _listeners.Add(listener);
            _accepting.Add(AcceptAsync(listener));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        foreach (var listener in _listeners)
            listener.Dispose();

        await Task.WhenAll(_accepting);
        _stopping.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                _ = ForwardAsync(await listener.AcceptSocketAsync(_stopping.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // The peer gave up before it was accepted.
            }
        }
    }

    private async Task ForwardAsync(Socket client)
    {
        using (client)
        using (var server = await ConnectAsync())
        {
            if (server is null)
                return;

            client.NoDelay = server.NoDelay = true;
            using var down = new CancellationTokenSource();
            await Task.WhenAll(CopyAsync(client, server, down), CopyAsync(server, client, down));
        }
    }

    private async Task<Socket?> ConnectAsync()
    {
        var ports = _targets();
        for (var i = 0; i < ports.Count; i++)
        {
            var port = ports[(int)((uint)Interlocked.Increment(ref _next) % (uint)ports.Count)];
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port);
                return socket;
            }
            catch (SocketException)
            {
                socket.Dispose();
            }
        }

        return null;
    }

    private static async Task CopyAsync(Socket from, Socket to, CancellationTokenSource down)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, down.Token) is var count and > 0)
            {
                for (var sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), down.Token);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One side broke: the other has nobody to talk to.
            await down.CancelAsync();
        }
    }
}
