using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LeaderElection.Etcd;

/// <summary>Whom to trust, and who we are: read again when the files have changed, as certificates are renewed while a process runs.</summary>
internal sealed class EtcdCertificates
{
    private readonly EtcdElectionOptions _options;
    private readonly string[] _files;
    private DateTime[] _read;

    /// <exception cref="ElectionStoreException">A file cannot be read.</exception>
    public EtcdCertificates(EtcdElectionOptions options)
    {
        _options = options;
        _files = [.. new[] { options.CaFile, options.ClientCertificateFile, options.ClientKeyFile }.OfType<string>()];
        _read = Written();
        Tls = Read();
    }

    /// <summary>For a new connection.</summary>
    public SslClientAuthenticationOptions Tls { get; private set; }

    /// <summary>Reads the files again if they have changed.</summary>
    /// <returns>Whether <see cref="Tls"/> is another now.</returns>
    public bool Renew()
    {
        var written = Written();
        if (written.AsSpan().SequenceEqual(_read))
            return false;
        try
        {
            Tls = Read();
            _read = written;
            return true;
        }
        catch (ElectionStoreException)
        {
            // Half of them may have been replaced so far: what there was goes on until they fit together.
            return false;
        }
    }

    private DateTime[] Written() => [.. _files.Select(File.GetLastWriteTimeUtc)];

    private SslClientAuthenticationOptions Read()
    {
        try
        {
            var tls = new SslClientAuthenticationOptions();
            SetUpTls(_options, tls);
            return tls;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ElectionStoreException($"etcd: the certificates cannot be read: {EtcdTransport.FirstLine(e.Message)}", isTransient: false, e);
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
}
