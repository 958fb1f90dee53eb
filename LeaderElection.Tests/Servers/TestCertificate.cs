namespace LeaderElection.Tests.Servers;

/// <summary>A certificate with its private key, in files.</summary>
/// <param name="CertificateFile">The certificate, PEM.</param>
/// <param name="KeyFile">Its private key, PEM (PKCS#8).</param>
/// <param name="Pkcs12File">Both in one PKCS#12 file, as Java's servers want them.</param>
internal sealed record TestCertificate(string CertificateFile, string KeyFile, string Pkcs12File)
{
    /// <summary>The password of every PKCS#12 file of the tests.</summary>
    public const string Pkcs12Password = "changeit";
}
