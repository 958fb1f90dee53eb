using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using LeaderElection.Network;

namespace LeaderElection.Etcd;

/// <summary>Makes what carries gRPC to etcd: one connection by HTTP/2 to each endpoint, with or without TLS.</summary>
internal static class EtcdTransport
{
    private const long ProtocolError = 1;

    /// <summary>etcd hangs up on clients that ping more often than every five seconds.</summary>
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(10);

    /// <param name="patience">How long the connection may take to open, and to answer a sign of life.</param>
    /// <param name="time">Where time comes from.</param>
    public static HttpMessageInvoker Create(SslClientAuthenticationOptions tls, TimeSpan patience, TimeProvider time) => new(new SocketsHttpHandler
    {
        ConnectTimeout = patience,
        KeepAlivePingDelay = PingDelay,
        KeepAlivePingTimeout = PingDelay / 2,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        AllowAutoRedirect = false,
        UseCookies = false,
        // A coordination store is next door; a proxy in between would only hide its trouble.
        UseProxy = false,
        // The elections have spans of their own; one for every renewal would bury them.
        ActivityHeadersPropagator = null,
        SslOptions = tls,
        ConnectCallback = (context, stop) => ConnectAsync(context.DnsEndPoint, patience, time, stop),
    });

    /// <summary>Says what the network, or the other side, has done.</summary>
    /// <param name="wasHeard">Whether it was etcd that did it, as far as one can tell: it has answered before.</param>
    public static EtcdFailure NoAnswer(Exception e, bool wasHeard = true)
    {
        var tls = e as AuthenticationException ?? e.InnerException as AuthenticationException;
        if (tls is not null)
            return new EtcdFailure(EtcdFailure.NoAnswer, $"TLS failed: {FirstLine(tls.Message)}; check the scheme, CaFile, the host name and the client certificate", tls);
        return e switch
        {
            ObjectDisposedException => new EtcdFailure(EtcdFailure.NoAnswer, "the connection was given up", e),
            HttpRequestException { HttpRequestError: HttpRequestError.VersionNegotiationError } => EtcdFailure.NotEtcd("HTTP/1.1 alone", e),
            // What speaks only HTTP/1.1 answers so as well, also a proxy that says that etcd is away: it may pass.
            HttpRequestException { InnerException: HttpProtocolException { ErrorCode: ProtocolError } } => new EtcdFailure(
                EtcdFailure.NoAnswer, $"it does not speak gRPC; {EtcdFailure.IsThisEtcd}", e),
            // It takes connections and hangs up without a word: so does what is not etcd, or wants TLS; but also etcd as it stops.
            not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } when !wasHeard =>
                new EtcdFailure(EtcdFailure.NoAnswer, $"no connection ({FirstLine(e.GetBaseException().Message)}); {EtcdFailure.IsThisEtcd}", e),
            _ => new EtcdFailure(EtcdFailure.NoAnswer, $"no connection ({FirstLine(e.GetBaseException().Message)})", e),
        };
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint endpoint, TimeSpan patience, TimeProvider time, CancellationToken stop)
    {
        var socket = await HappyEyeballs.ConnectAsync(endpoint.Host, endpoint.Port, time, stop).ConfigureAwait(false);
        // A watch only listens: without these it would never notice that the other side is gone.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, Math.Max(1, (int)patience.TotalSeconds));
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        return new NetworkStream(socket, ownsSocket: true);
    }

    internal static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();
}
