using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LeaderElection.Raft.Transport;

/// <summary>TLS between members: both sides show a certificate of the same authority.</summary>
internal sealed class LinkTls(string caFile, string certificateFile, string keyFile)
{
    /// <exception cref="ElectionStoreException">A file cannot be read, or has no certificate.</exception>
    public void Check()
    {
        try
        {
            Policy();
            Own();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ElectionStoreException($"raft: the certificates cannot be read: {e.Message.Split('\n', 2)[0].Trim()}", isTransient: false, e);
        }
    }

    /// <summary>Reads the files anew for each connection: certificates are renewed while the process runs.</summary>
    public async Task<SslStream> DialAsync(Stream stream, string host, CancellationToken cancellationToken)
    {
        return await AuthenticateAsync(stream, tls => tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = host,
                ClientCertificateContext = Own(),
                CertificateChainPolicy = Policy(),
                RemoteCertificateValidationCallback = IsOfTheAuthority,
            },
            cancellationToken)).ConfigureAwait(false);
    }

    public async Task<SslStream> AcceptAsync(Stream stream, CancellationToken cancellationToken)
    {
        return await AuthenticateAsync(stream, tls => tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateContext = Own(),
                ClientCertificateRequired = true,
                CertificateChainPolicy = Policy(),
                RemoteCertificateValidationCallback = IsOfTheAuthority,
            },
            cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Any certificate of the authority opens a connection; which member it stands for, its names say.</summary>
    public static RefusedException? Judge(Stream stream, RaftAddress.Member member)
    {
        if (stream is not SslStream { RemoteCertificate: var shown })
            return null;
        return shown is X509Certificate2 certificate && (certificate.MatchesHostname(member.Host) || certificate.MatchesHostname(member.Id, allowWildcards: false))
            ? null
            : new(RefusalReason.Certificate, $"its certificate carries neither {member.Host} nor {member.Id} as a name");
    }

    private static async Task<SslStream> AuthenticateAsync(Stream stream, Func<SslStream, Task> authenticate)
    {
        var tls = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await authenticate(tls).ConfigureAwait(false);
            return tls;
        }
        catch (Exception e) when (e is System.Security.Authentication.AuthenticationException or CryptographicException)
        {
            throw new RefusedException(RefusalReason.Certificate, $"TLS: {e.Message.Split('\n', 2)[0].Trim()}", e);
        }
    }

    private static bool IsOfTheAuthority(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate is not null && (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None;

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(caFile);
        return policy.CustomTrustStore.Count > 0 ? policy : throw new CryptographicException($"{caFile} has no certificate");
    }

    private SslStreamCertificateContext Own()
    {
        var certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        // Windows cannot show a certificate whose key it does not keep itself.
        if (OperatingSystem.IsWindows())
            certificate = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificateFile);
        return SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }
}
