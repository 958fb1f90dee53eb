using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LeaderElection.Etcd;

/// <summary>Makes what carries requests to etcd: HTTP/1.1, as its gateway speaks it, with or without TLS.</summary>
internal static class EtcdTransport
{
    /// <param name="connections">At most how many at a time to each endpoint.</param>
    /// <param name="patience">How long a connection may take to open, and to answer a sign of life.</param>
    /// <exception cref="ElectionStoreException">A certificate file cannot be read.</exception>
    public static HttpMessageInvoker Create(EtcdElectionOptions options, int connections, TimeSpan patience)
    {
        var handler = new SocketsHttpHandler
        {
            MaxConnectionsPerServer = connections,
            ConnectTimeout = patience,
            AllowAutoRedirect = false,
            UseCookies = false,
            // A coordination store is next door; a proxy in between would only hide its trouble.
            UseProxy = false,
            // The elections have spans of their own; one for every renewal would bury them.
            ActivityHeadersPropagator = null,
            ConnectCallback = (context, stop) => ConnectAsync(context.DnsEndPoint, patience, stop),
        };
        try
        {
            SetUpTls(options, handler.SslOptions);
            return new HttpMessageInvoker(handler);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            handler.Dispose();
            throw new ElectionStoreException($"etcd: the certificates cannot be read: {FirstLine(e.Message)}", isTransient: false, e);
        }
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint endpoint, TimeSpan patience, CancellationToken stop)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // A watch only listens: without these it would never notice that the other side is gone.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, Math.Max(1, (int)patience.TotalSeconds));
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(endpoint, stop).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void SetUpTls(EtcdElectionOptions options, SslClientAuthenticationOptions tls)
    {
        if (options.CaFile is { } caFile)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(caFile);
            if (policy.CustomTrustStore.Count == 0)
                throw new CryptographicException($"{caFile} has no certificate");
            tls.CertificateChainPolicy = policy;
        }
        if (options is { ClientCertificateFile: { } certificateFile, ClientKeyFile: { } keyFile })
        {
            var certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
            if (OperatingSystem.IsWindows())
            {
                // Windows cannot show a certificate whose key it does not keep itself.
                certificate = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
            }
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificateFile);
            tls.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true);
        }
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();
}
