using System.Net;
using System.Net.Sockets;

namespace LeaderElection.Hosting;

internal static class FreePort
{
    // Neither of those that Aspire's orchestrator gives away (10000 to 32767), nor of those that systems give to outgoing
    // connections: any of these could take a port before its server starts, or while it is down.
    private static readonly (int First, int Last) Range = OperatingSystem.IsLinux() ? (61_000, 65_500) : (33_000, 49_000);

    private static int _last = Random.Shared.Next(Range.Last - Range.First);

    /// <summary>A port that is free now, and that no other caller of this process gets.</summary>
    public static int Next()
    {
        var count = Range.Last - Range.First + 1;
        for (var tries = 0; tries < count; tries++)
        {
            var port = Range.First + (int)((uint)Interlocked.Increment(ref _last) % count);
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
        throw new InvalidOperationException($"No port of {Range.First} to {Range.Last} is free.");
    }
}
