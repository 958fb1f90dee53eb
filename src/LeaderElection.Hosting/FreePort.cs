using System.Net;
using System.Net.Sockets;

namespace LeaderElection.Hosting;

internal static class FreePort
{
    // Below those that systems give to outgoing connections, any of which could otherwise take a port
    // before its server starts, or while it is down.
    private const int First = 20_000;
    private const int Count = 12_000;

    private static int _last = Random.Shared.Next(Count);

    /// <summary>A port that is free now, and that no other caller of this process gets.</summary>
    public static int Next()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }
        throw new InvalidOperationException($"No port of {First} to {First + Count - 1} is free.");
    }
}
