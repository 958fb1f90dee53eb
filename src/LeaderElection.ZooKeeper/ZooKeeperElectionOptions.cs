using LeaderElection.Leases;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.ZooKeeper;

/// <summary>Where and how to elect on ZooKeeper.</summary>
/// <remarks>
/// <see cref="LeaseOptions.LeaseDuration"/> is the session time-out that is asked for. The server grants what lies
/// within its own bounds, by default 2 to 20 of its ticks (4 to 40 s); what it grants counts.
/// </remarks>
public sealed class ZooKeeperElectionOptions : LeaseOptions
{
    /// <summary>The servers, <c>host:port,host:port</c>, with an optional <c>/folder</c> at the end, below which all paths lie. The port defaults to 2181.</summary>
    /// <value>Defaults to none; <c>AddZooKeeperElectionBackend</c> takes it from the connection strings.</value>
    public string? ConnectionString { get; set; }

    /// <summary>The node below which each election has one of its own. Created as needed.</summary>
    /// <value>Defaults to <c>/election</c>.</value>
    public string RootPath { get; set; } = "/election";

    /// <summary>How candidates name their nodes: set it to share elections with programs that use Curator or Kazoo.</summary>
    /// <value>Defaults to <see cref="ZooKeeperNodeNaming.Sequence"/>.</value>
    public ZooKeeperNodeNaming NodeNaming { get; set; }

    /// <summary>The user for digest authentication. Nodes are then created so that everybody may read them, but only who has the password may change them.</summary>
    /// <value>Defaults to none: everybody may do everything.</value>
    public string? UserName { get; set; }

    /// <summary>The password for digest authentication. It crosses the network as it is: use <see cref="UseTls"/>.</summary>
    /// <value>Defaults to none.</value>
    public string? Password { get; set; }

    /// <summary>Whether the servers are reached by TLS, at their <c>secureClientPort</c>.</summary>
    /// <value>Defaults to <see langword="false"/>.</value>
    public bool UseTls { get; set; }

    /// <summary>PEM file of the authorities that may have signed the servers' certificates.</summary>
    /// <value>Defaults to none: those that the machine trusts.</value>
    public string? TlsCaFile { get; set; }

    /// <summary>
    /// The subjects of the client certificates whose bearers may change what elections consist of, as ZooKeeper writes
    /// them, e.g. <c>CN=worker-1,O=Acme</c>; everybody else may only read. Every candidate's belongs here.
    /// </summary>
    /// <value>Defaults to none: with certificates alone, without <see cref="UserName"/>, everybody may do everything.</value>
    public IList<string> TlsSubjects { get; } = [];

    /// <summary>PEM file of this client's certificate, where the servers want one, and of the authorities between it and those that they trust; with its key, unless <see cref="TlsKeyFile"/> is set.</summary>
    /// <value>Defaults to none.</value>
    public string? TlsCertificateFile { get; set; }

    /// <summary>PEM file of the certificate's key.</summary>
    /// <value>Defaults to none.</value>
    public string? TlsKeyFile { get; set; }

    /// <summary>The name that the servers' certificates must carry.</summary>
    /// <value>Defaults to the host in the connection string.</value>
    public string? TlsServerName { get; set; }

    /// <inheritdoc/>
    public override IEnumerable<string> Validate()
    {
        if (string.IsNullOrWhiteSpace(ConnectionString))
            yield return $"{nameof(ConnectionString)} is empty; it must name ZooKeeper servers, e.g. localhost:2181";
        else if (Unreadable(ConnectionString) is { } rule)
            // It is not repeated: somebody may have put a password into it.
            yield return $"{nameof(ConnectionString)} cannot be read; {rule}";
        if (!ZooKeeperPath.IsValid(RootPath ?? ""))
            yield return $"{nameof(RootPath)} is '{ElectionNames.Printable(RootPath ?? "")}'; it must look like /election or /apps/election";
        if (!Enum.IsDefined(NodeNaming))
            yield return $"{nameof(NodeNaming)} is {NodeNaming}; it must be {string.Join(", ", Enum.GetNames<ZooKeeperNodeNaming>())}";
        if (string.IsNullOrEmpty(UserName) != string.IsNullOrEmpty(Password))
            yield return $"{nameof(UserName)} and {nameof(Password)} must be set together";
        if (UserName?.Contains(':', StringComparison.Ordinal) == true)
            yield return $"{nameof(UserName)} has a colon; it must not, and the password stands in {nameof(Password)}";
        if (!UseTls && (TlsCaFile ?? TlsCertificateFile ?? TlsKeyFile ?? TlsServerName) is not null)
            yield return $"{nameof(TlsCaFile)}, {nameof(TlsCertificateFile)}, {nameof(TlsKeyFile)} and {nameof(TlsServerName)} need {nameof(UseTls)}";
        if (TlsSubjects.Count > 0 && TlsCertificateFile is null)
            yield return $"{nameof(TlsSubjects)} needs {nameof(TlsCertificateFile)}, or this candidate could not stand itself";
        if (TlsKeyFile is not null && TlsCertificateFile is null)
            yield return $"{nameof(TlsKeyFile)} needs {nameof(TlsCertificateFile)}";
        foreach (var problem in base.Validate())
            yield return problem;
    }

    // A silent server is given up after another third, and the session has to find the next one in what is left.
    private protected override TimeSpan DefaultRenewInterval => TimeSpan.FromTicks(LeaseDuration.Ticks / 3);

    internal ZooKeeperClientOptions CreateClientOptions() => new()
    {
        Servers = ConnectString.Parse(ConnectionString!),
        SessionTimeout = LeaseDuration,
        Digest = string.IsNullOrEmpty(UserName) ? null : $"{UserName}:{Password}",
        Tls = UseTls ? new ZooKeeperTls(TlsCaFile, TlsCertificateFile, TlsKeyFile, TlsServerName) : null,
    };

    private static string? Unreadable(string connectionString)
    {
        try
        {
            ConnectString.Parse(connectionString);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }
}
