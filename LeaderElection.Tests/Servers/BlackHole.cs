using System.Net;
using System.Net.Sockets;

namespace LeaderElection.Tests.Servers;

/// <summary>An address that answers nothing, not even that it takes no connections: as many as it lets wait are waiting.</summary>
internal sealed class BlackHole : IDisposable
{
    private readonly List<Socket> _waiting = [];

    private BlackHole(IPEndPoint endpoint)
    {
        Listener = new TcpListener(endpoint);
        Listener.Start(backlog: 0);
    }

    public TcpListener Listener { get; }

    /// <param name="endpoint">Where, if not at a free port on loopback.</param>
    public static async Task<BlackHole> OpenAsync(IPEndPoint? endpoint = null)
    {
        var hole = new BlackHole(endpoint ?? new IPEndPoint(IPAddress.Loopback, 0));
        while (true)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            hole._waiting.Add(socket);
            using var late = new CancellationTokenSource(TimeSpan.FromMilliseconds(500), TimeProvider.System);
            try
            {
                await socket.ConnectAsync(hole.Listener.LocalEndpoint, late.Token);
            }
            catch (OperationCanceledException)
            {
                return hole;
            }
        }
    }

    public void Dispose()
    {
        _waiting.ForEach(s => s.Dispose());
        Listener.Dispose();
    }
}
