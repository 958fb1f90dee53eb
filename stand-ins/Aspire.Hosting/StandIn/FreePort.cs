using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Aspire.Hosting.StandIn;

internal static class FreePort
{
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// A port that nobody listens on. Below the range that the system takes for outgoing connections (from 32768 on
    /// Linux), so that none of those comes in between.
    public static int Next()
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            var port = Random.Shared.Next(20000, 32000);
            if (!Given.ContainsKey(port) && IsFree(port) && Given.TryAdd(port, true))
                return port;
        }

        throw new DistributedApplicationException("No free port was found between 20000 and 32000.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var any = new TcpListener(IPAddress.Any, port);
            any.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
