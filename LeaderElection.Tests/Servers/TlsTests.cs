using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace LeaderElection.Tests.Servers;

/// <summary>The servers and certificates of the TLS tests do what those count on.</summary>
public sealed class TlsTests
{
    [Fact]
    public async Task Etcd_AsksForClientCertificate_TurnsAwayStrangers()
    {
        using var certificates = new Certificates();
        await using var server = await EtcdServer.StartNewAsync(certificates.Tls(asksForClientCertificate: true));
        await server.CtlAsync("put", "a", "1");
        using var known = Http(certificates.Authority, certificates.Client);
        Assert.Contains("\"kvs\"", await (await known.PostAsync($"{server.Endpoint}/v3/kv/range", new StringContent("""{"key":"YQ=="}"""))).Content.ReadAsStringAsync());
        foreach (var stranger in new[] { null, certificates.ClientOfOtherAuthority, certificates.ExpiredClient })
        {
            using var http = Http(certificates.Authority, stranger);
            await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync($"{server.Endpoint}/version"));
        }
    }

    [Fact]
    public async Task Etcd_ExpiredOrUnknownCertificate_IsNotTrusted()
    {
        using var certificates = new Certificates();
        await using var server = await EtcdServer.StartNewAsync(certificates.Tls(server: certificates.ExpiredServer));
        using var http = Http(certificates.Authority, null);
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync($"{server.Endpoint}/version"));
    }

    [Fact]
    public async Task ZooKeeper_AsksForClientCertificate_TurnsAwayStrangers()
    {
        using var certificates = new Certificates();
        await using var server = await ZooKeeperServer.StartNewAsync(certificates.Tls(asksForClientCertificate: true));
        Assert.Contains("Mode: ", await SecureWordAsync(server, certificates.Authority, certificates.Client));
        foreach (var stranger in new[] { null, certificates.ClientOfOtherAuthority, certificates.ExpiredClient })
            await Assert.ThrowsAnyAsync<Exception>(() => SecureWordAsync(server, certificates.Authority, stranger));
        await Assert.ThrowsAsync<AuthenticationException>(() => SecureWordAsync(server, certificates.OtherAuthority, certificates.Client));
    }

    private static HttpClient Http(TestCertificate authority, TestCertificate? client) =>
        new(new SocketsHttpHandler { SslOptions = Options(authority, client) });

    private static SslClientAuthenticationOptions Options(TestCertificate authority, TestCertificate? client)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificateFromFile(authority.CertificateFile));
        return new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            CertificateChainPolicy = policy,
            ClientCertificates = client is null ? null : [X509Certificate2.CreateFromPemFile(client.CertificateFile, client.KeyFile)],
            LocalCertificateSelectionCallback = client is null ? null : (_, _, own, _, _) => own[0],
        };
    }

    private static async Task<string> SecureWordAsync(ZooKeeperServer server, TestCertificate authority, TestCertificate? client)
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync("127.0.0.1", server.Port);
        await using var stream = new SslStream(connection.GetStream());
        await stream.AuthenticateAsClientAsync(Options(authority, client));
        await stream.WriteAsync("srvr"u8.ToArray());
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync();
        return answer.Length > 0 ? answer : throw new IOException("The server closed the connection without an answer.");
    }
}
