using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace LeaderElection.ZooKeeper.Client;

/// <summary>TLS towards the servers: whom to trust, and who we are.</summary>
/// <param name="caFile">PEM file of the authorities to trust; <see langword="null"/> for those of the machine.</param>
/// <param name="certificateFile">PEM file of the client's certificate; <see langword="null"/> for none.</param>
/// <param name="keyFile">PEM file of its key; <see langword="null"/> when it is in the same file.</param>
/// <param name="serverName">The name that the servers' certificates must carry; <see langword="null"/> for the host they are reached by.</param>
internal sealed class ZooKeeperTls(string? caFile, string? certificateFile, string? keyFile, string? serverName)
{
    /// <summary>Reads the files anew for each connection: certificates are renewed while the process runs.</summary>
    public SslClientAuthenticationOptions CreateOptions(string host)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = serverName ?? host };
        if (caFile is not null)
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(caFile);
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(authorities);
            options.CertificateChainPolicy = policy;
        }
        if (certificateFile is not null)
        {
            // With what else is in its file: the authorities between it and those that the server trusts. Shown whatever
            // authorities the server lists: then it is the server that says what is wrong with it.
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificateFile);
            options.ClientCertificateContext = SslStreamCertificateContext.Create(
                X509Certificate2.CreateFromPemFile(certificateFile, keyFile), chain, offline: true);
        }
        return options;
    }
}
