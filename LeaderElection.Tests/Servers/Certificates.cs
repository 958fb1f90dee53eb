using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

/// <summary>The certificates of one test, in files of a folder of its own.</summary>
internal sealed class Certificates : IDisposable
{
    private static readonly TimeSpan Valid = TimeSpan.FromDays(1);

    private readonly TemporaryFolder _folder = new();

    public Certificates()
    {
        var now = TimeProvider.System.GetUtcNow();
        using var authority = CreateAuthority("test authority", now);
        using var otherAuthority = CreateAuthority("another authority", now);
        Authority = Write("authority", authority);
        OtherAuthority = Write("other-authority", otherAuthority);
        Server = Issue("server", authority, now, forServer: true);
        Client = Issue("client", authority, now);
        ClientOfOtherAuthority = Issue("client-of-other-authority", otherAuthority, now);
        ServerOfOtherAuthority = Issue("server-of-other-authority", otherAuthority, now, forServer: true);
        ExpiredServer = Issue("expired-server", authority, now - (Valid / 2), forServer: true, Valid / 4);
        ExpiredClient = Issue("expired-client", authority, now - (Valid / 2), forServer: false, Valid / 4);
    }

    public TestCertificate Authority { get; }

    /// <summary>One that nobody of the test trusts.</summary>
    public TestCertificate OtherAuthority { get; }

    /// <summary>For 127.0.0.1 and localhost.</summary>
    public TestCertificate Server { get; }

    public TestCertificate ServerOfOtherAuthority { get; }

    /// <summary>Ran out hours ago.</summary>
    public TestCertificate ExpiredServer { get; }

    public TestCertificate Client { get; }

    public TestCertificate ClientOfOtherAuthority { get; }

    /// <summary>Ran out hours ago.</summary>
    public TestCertificate ExpiredClient { get; }

    /// <summary>TLS for a server with <see cref="Server"/>, or another certificate.</summary>
    public ServerTls Tls(bool asksForClientCertificate = false, TestCertificate? server = null) =>
        new(Authority, server ?? Server, Client, asksForClientCertificate);

    public void Dispose() => _folder.Dispose();

    private static X509Certificate2 CreateAuthority(string name, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request.CreateSelfSigned(now - Valid, now + (2 * Valid));
    }

    private TestCertificate Issue(string name, X509Certificate2 authority, DateTimeOffset from, bool forServer = false, TimeSpan? valid = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        // etcd's gateway shows the server's certificate to etcd itself, as a client's.
        var usages = new OidCollection { new Oid("1.3.6.1.5.5.7.3.2") };
        if (forServer)
        {
            usages.Add(new Oid("1.3.6.1.5.5.7.3.1"));
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            names.AddDnsName("localhost");
            request.CertificateExtensions.Add(names.Build());
        }
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, critical: false));
        // An hour back, for a clock that was put right meanwhile.
        var start = from - TimeSpan.FromHours(1);
        using var certificate = request.Create(authority, start, start + (valid ?? Valid), RandomNumberGenerator.GetBytes(8));
        using var withKey = certificate.CopyWithPrivateKey(key);
        return Write(name, withKey);
    }

    private TestCertificate Write(string name, X509Certificate2 certificate)
    {
        var files = new TestCertificate(_folder.File($"{name}.pem"), _folder.File($"{name}-key.pem"), _folder.File($"{name}.p12"));
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(files.CertificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(files.KeyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllBytes(files.Pkcs12File, certificate.Export(X509ContentType.Pkcs12, TestCertificate.Pkcs12Password));
        return files;
    }
}
