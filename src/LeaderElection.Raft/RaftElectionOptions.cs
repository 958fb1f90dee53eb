using LeaderElection.Leases;

namespace LeaderElection.Raft;

/// <summary>Which member of which cluster this process is, and the times that all members share.</summary>
/// <remarks>
/// <see cref="LeaseOptions.LeaseDuration"/> is the least election timeout: for so long a voter stays true to a leader
/// that it has heard. It defaults to 150 ms here, from 50 ms to 1 day. <see cref="LeaseOptions.RenewInterval"/> is the
/// heartbeat interval, by default and at most a third of that.
/// </remarks>
public sealed class RaftElectionOptions : LeaseOptions
{
    private const int LeastSecret = 16;

    /// <summary>Creates options with Raft's times.</summary>
    public RaftElectionOptions() => LeaseDuration = TimeSpan.FromMilliseconds(150);

    /// <summary>
    /// The cluster in one line: its members with their addresses, and what else all of them share, such as
    /// <c>m0=10.0.0.1:7000,m1=10.0.0.2:7000,m2=10.0.0.3:7000;cluster=orders;secret=…</c>. A priority stands after an
    /// address, such as <c>m0=10.0.0.1:7000/2</c>.
    /// </summary>
    /// <value>Defaults to none; it must be given. 3 to 9 members.</value>
    public string? ConnectionString { get; set; }

    /// <summary>The id of this member: one of those in the <see cref="ConnectionString"/>.</summary>
    /// <value>Defaults to none; it must be given.</value>
    public string Member { get; set; } = "";

    /// <summary>
    /// What proves to the other members that this is one: at least 16 characters, the same on every member. It is never
    /// sent. It may also stand in the <see cref="ConnectionString"/>.
    /// </summary>
    /// <value>Defaults to none; without it, certificates must be given.</value>
    public string? Secret { get; set; }

    /// <summary>
    /// The folder in which this member keeps its term and votes. It should survive a restart, and be this member's alone:
    /// a member that has lost it takes no part until it has links to all other members.
    /// </summary>
    /// <value>Defaults to <c>raft/MEMBER</c> in the working directory.</value>
    public string? Directory { get; set; }

    /// <summary>Where to listen, if not at this member's own address: <c>0.0.0.0:7000</c> in a container, for example.</summary>
    /// <value>Defaults to none.</value>
    public string? Listen { get; set; }

    /// <summary>The longest that a member waits for a silent leader before it stands itself; the same on every member.</summary>
    /// <value>
    /// Defaults to 4/3 of <see cref="LeaseOptions.LeaseDuration"/>, at least 1.2 times it. The members' turns are spread over the time
    /// in between: more of it makes fewer of them stand at once, and a frozen leader's successor later.
    /// </value>
    public TimeSpan? ElectionTimeoutMax { get; set; }

    /// <summary>
    /// Whether a connection that is refused proves that the member's process has ended, so that nobody waits for its
    /// promise to run out. It does so only at an address at which that very process has answered, with no proxy or port
    /// mapping in between. Not where a firewall may refuse in a member's place.
    /// </summary>
    /// <value>Defaults to <see langword="null"/>: for members at loopback addresses only.</value>
    public bool? RefusedMeansDead { get; set; }

    /// <summary>A PEM file with the certificates of the authorities that sign the members' certificates. With it, links use mutual TLS.</summary>
    /// <value>Defaults to none; then a <see cref="Secret"/> must be given.</value>
    public string? CaFile { get; set; }

    /// <summary>
    /// A PEM file with this member's certificate, and its chain if it has one. It must carry the host of the member's
    /// address, or its id, as a name, and be good for servers and clients.
    /// </summary>
    /// <value>Defaults to none.</value>
    public string? CertificateFile { get; set; }

    /// <summary>A PEM file with the private key of <see cref="CertificateFile"/>.</summary>
    /// <value>Defaults to none.</value>
    public string? KeyFile { get; set; }

    /// <summary>
    /// Whether messages to and from another member are dropped, given its id. For fault injection in tests and demos.
    /// </summary>
    /// <value>Defaults to none.</value>
    public Func<string, bool>? IsCutOffFrom { get; set; }

    internal bool UsesTls => CaFile is not null;

    internal TimeSpan EffectiveElectionTimeoutMax => ElectionTimeoutMax ?? LeaseDuration * 4 / 3;

    internal string EffectiveDirectory => Directory ?? Path.Combine("raft", Member);

    // Never more than a third, as rounding would have it.
    private protected override TimeSpan DefaultRenewInterval => TimeSpan.FromTicks(LeaseDuration.Ticks / 3);

    private protected override TimeSpan ShortestLease => TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public override IEnumerable<string> Validate()
    {
        if (string.IsNullOrWhiteSpace(ConnectionString))
            yield return $"{nameof(ConnectionString)} is empty; it must name the members, e.g. {RaftAddress.Example}";
        else if (RaftAddress.TryParse(ConnectionString, out var address) is { } problem)
            yield return $"{nameof(ConnectionString)} {problem}; it must look like {RaftAddress.Example}";
        else
        {
            if (address.Members.All(m => m.Id != Member))
                yield return $"{nameof(Member)} is '{ElectionNames.Printable(Member)}'; it must be one of the members in the {nameof(ConnectionString)}: {string.Join(", ", address.Members.Select(m => m.Id))}";
            if (Secret is not null && address.Secret is not null && Secret != address.Secret)
                yield return $"{nameof(Secret)} is not the one in the {nameof(ConnectionString)}; give one of them";
            var secret = Secret ?? address.Secret;
            if (secret is null && !UsesTls)
                yield return $"{nameof(Secret)} is empty; members must prove who they are: give a secret of at least {LeastSecret} characters, or {nameof(CaFile)}, {nameof(CertificateFile)} and {nameof(KeyFile)}";
            if (secret is { Length: < LeastSecret })
                yield return $"{nameof(Secret)} has {secret.Length} characters; it must have at least {LeastSecret}";
        }
        if (CaFile is null != CertificateFile is null || CaFile is null != KeyFile is null)
            yield return $"{nameof(CaFile)}, {nameof(CertificateFile)} and {nameof(KeyFile)} must be given together";
        if (Listen is not null && RaftAddress.ParseEndpoint(Listen) is null)
            yield return $"{nameof(Listen)} is '{ElectionNames.Printable(Listen)}'; it must be host:port, e.g. 0.0.0.0:7000";
        if (Directory is not null && (Directory.Trim() == "" || Directory.Contains('\0', StringComparison.Ordinal)))
            yield return $"{nameof(Directory)} is '{ElectionNames.Printable(Directory)}'; it must name a folder, or be left out";
        var times = base.Validate().ToArray();
        foreach (var other in times)
            yield return other;
        if (times.Length == 0 && TimesProblem() is { } contradiction)
            yield return contradiction;
    }

    /// <summary>How this member counts time.</summary>
    /// <exception cref="ArgumentException">The times contradict each other.</exception>
    internal RaftTimings CreateTimings(long frequency) => RaftTimings.Create(
        LeaseDuration, EffectiveElectionTimeoutMax, EffectiveRenewInterval, ClockDrift, EffectiveSafetyMargin, frequency);

    internal RaftConfiguration CreateConfiguration(RaftAddress address, long frequency) => new(
        address.Cluster, new MemberList(address.Members.Select(m => new MemberList.Entry(m.Id, m.Priority))), Member,
        CreateTimings(frequency), LeaseDuration);

    private string? TimesProblem()
    {
        if (EffectiveElectionTimeoutMax > TimeSpan.FromDays(2))
            return FormattableString.Invariant($"{nameof(ElectionTimeoutMax)} is {EffectiveElectionTimeoutMax.TotalSeconds} s; it must be at most 2 days");
        try
        {
            CreateTimings(TimeSpan.TicksPerSecond);
            return null;
        }
        catch (ArgumentException e)
        {
            return $"{nameof(LeaseDuration)} (the least election timeout), {nameof(ElectionTimeoutMax)} and {nameof(RenewInterval)} (the heartbeat interval) do not fit together: {e.Message}";
        }
    }
}
