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
    /// The folder in which this member keeps its term and votes. It must survive a restart, and be this member's alone:
    /// a member that forgot its votes endangers the election.
    /// </summary>
    /// <value>Defaults to <c>raft/MEMBER</c> in the working directory.</value>
    public string? Directory { get; set; }

    /// <summary>Where to listen, if not at this member's own address: <c>0.0.0.0:7000</c> in a container, for example.</summary>
    /// <value>Defaults to none.</value>
    public string? Listen { get; set; }

    /// <summary>The longest that a member waits for a silent leader before it stands itself; the same on every member.</summary>
    /// <value>Defaults to twice <see cref="LeaseOptions.LeaseDuration"/>; at least 1.2 times it.</value>
    public TimeSpan? ElectionTimeoutMax { get; set; }

    /// <summary>
    /// Whether a connection that is refused proves that the member's process has ended, so that nobody waits for its
    /// promise to run out. True where addresses lead straight to the members' machines; not behind a load balancer, a
    /// virtual address or a firewall that refuses in their place.
    /// </summary>
    /// <value>Defaults to <see langword="null"/>: for members at loopback addresses only.</value>
    public bool? RefusedMeansDead { get; set; }

    /// <summary>
    /// Whether messages to and from another member are dropped, given its id. For fault injection in tests and demos.
    /// </summary>
    /// <value>Defaults to none.</value>
    public Func<string, bool>? IsCutOffFrom { get; set; }

    private protected override TimeSpan ShortestLease => TimeSpan.FromMilliseconds(50);
}
