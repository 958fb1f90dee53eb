using System.Net;
using System.Net.Sockets;
using LeaderElection.Network;
using StackExchange.Redis.Configuration;

namespace LeaderElection.Redis;

/// <summary>
/// Of a name with several addresses, some of which may be dead, the client is told one that takes connections: by itself
/// it spends all its time on the first.
/// </summary>
/// <param name="patience">How long to look for one.</param>
/// <param name="time">Where time comes from.</param>
/// <param name="resolve">Finds the addresses of a name.</param>
internal sealed class RedisAddresses(TimeSpan patience, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>> resolve) : Tunnel
{
    public RedisAddresses(TimeSpan patience, TimeProvider time) : this(patience, time, Dns.GetHostAddressesAsync)
    {
    }

    public override async ValueTask<EndPoint?> GetSocketConnectEndpointAsync(EndPoint endpoint, CancellationToken cancellationToken)
    {
        if (endpoint is not DnsEndPoint { Host: var host, Port: var port })
            return endpoint;
        using var late = new CancellationTokenSource(patience, time);
        try
        {
            var addresses = await resolve(host, late.Token).ConfigureAwait(false);
            if (addresses.Length < 2)
                return endpoint;
            using var socket = await HappyEyeballs.ConnectAsync(addresses, port, time, late.Token).ConfigureAwait(false);
            return socket.RemoteEndPoint ?? endpoint;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The client finds out for itself, and tells it: what is thrown here it would not.
            return endpoint;
        }
    }
}
