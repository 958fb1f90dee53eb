using LeaderElection.Leases;

namespace LeaderElection.Etcd;

/// <summary>Where and how to elect on etcd.</summary>
/// <remarks>
/// etcd's leases last whole seconds, and at least 2 s with its default settings: a crashed leader is replaced after
/// the duration that etcd granted, while a leader always goes by <see cref="LeaseOptions.LeaseDuration"/>.
/// </remarks>
public sealed class EtcdElectionOptions : LeaseOptions
{
    /// <summary>
    /// The members' client URLs, as <c>http://a:2379,http://b:2379,http://c:2379</c>, possibly followed by
    /// <c>;username=…;password=…</c>.
    /// </summary>
    /// <value>Defaults to none; <c>AddEtcdElectionBackend</c> takes it from the connection strings.</value>
    public string? ConnectionString { get; set; }

    /// <summary>The user, where etcd asks for one.</summary>
    /// <value>Defaults to that of the connection string.</value>
    public string? Username { get; set; }

    /// <summary>The user's password.</summary>
    /// <value>Defaults to that of the connection string.</value>
    public string? Password { get; set; }

    /// <summary>A PEM file with the certificates of the authorities to trust, for <c>https</c> endpoints.</summary>
    /// <value>Defaults to none: those that the machine trusts.</value>
    public string? CaFile { get; set; }

    /// <summary>A PEM file with the certificate to show to etcd, and its chain if it has one.</summary>
    /// <value>Defaults to none.</value>
    public string? ClientCertificateFile { get; set; }

    /// <summary>A PEM file with the private key of <see cref="ClientCertificateFile"/>.</summary>
    /// <value>Defaults to none.</value>
    public string? ClientKeyFile { get; set; }

    /// <summary>Whether it begins with any of the endpoints, so that not every process is at the first; for tests that know the order.</summary>
    internal bool StartsAnywhere { get; set; } = true;

    /// <inheritdoc/>
    public override IEnumerable<string> Validate()
    {
        if (string.IsNullOrWhiteSpace(ConnectionString))
            yield return $"{nameof(ConnectionString)} is empty; it must name etcd's client URLs, e.g. http://localhost:2379";
        else if (EtcdAddress.TryParse(ConnectionString, out var address) is { } problem)
            yield return $"{nameof(ConnectionString)} {problem}; it must look like http://a:2379,http://b:2379;username=…;password=…";
        else if ((Username ?? address.Username) is null != (Password ?? address.Password) is null)
            yield return $"{nameof(Username)} and {nameof(Password)} must be given together";
        if (ClientCertificateFile is null != ClientKeyFile is null)
            yield return $"{nameof(ClientCertificateFile)} and {nameof(ClientKeyFile)} must be given together";
        if (LeaseDuration < TimeSpan.FromSeconds(1))
            yield return FormattableString.Invariant($"{nameof(LeaseDuration)} is {LeaseDuration.TotalSeconds:0.###} s; etcd's leases last at least 1 s, with its default settings 2 s");
        foreach (var other in base.Validate())
            yield return other;
    }
}
