using System.Globalization;

namespace LeaderElection.Raft;

/// <summary>What all members of a cluster must agree on before they may count each other's votes.</summary>
/// <remarks>
/// The times are part of it: a leader's lease is safe only because the voters stay true for as long as it counts on.
/// </remarks>
internal sealed record RaftConfiguration
{
    public RaftConfiguration(string cluster, MemberList list, string self, RaftTimings timings, TimeSpan electionTimeoutMin)
    {
        Cluster = ElectionNames.Validate(cluster, "cluster");
        List = list;
        Self = self;
        Timings = timings;
        ElectionTimeoutMin = electionTimeoutMin;
        SelfIndex = Array.FindIndex(list.Members, m => m.Id == self);
        if (SelfIndex < 0)
            throw new ArgumentException($"member {self} is not on the list of members ({list})", nameof(self));
        Description = new(cluster, list.Version, list.ToString(), (long)electionTimeoutMin.TotalMicroseconds);
        Fingerprint = Description.Fingerprint();
    }

    public string Cluster { get; }

    public MemberList List { get; }

    /// <summary>The id of this member.</summary>
    public string Self { get; }

    public int SelfIndex { get; }

    public RaftTimings Timings { get; }

    public TimeSpan ElectionTimeoutMin { get; }

    /// <summary>The configuration as it is told to a member that has another one.</summary>
    public Message.Configuration Description { get; }

    /// <summary>Stands in every frame: members whose fingerprints differ do not listen to each other.</summary>
    public ulong Fingerprint { get; }

    /// <summary>Says in what another member's configuration differs from this one's.</summary>
    public string Compare(string peer, Message.Configuration other)
    {
        if (other.Cluster != Cluster)
            return $"{peer} belongs to cluster '{other.Cluster}', this member ({Self}) to '{Cluster}'";
        if (other.Members != Description.Members || other.ListVersion != List.Version)
            return string.Create(CultureInfo.InvariantCulture, $"{peer} has the members {other.Members} (version {other.ListVersion}), this member ({Self}) has {List} (version {List.Version}); all must have the same list");
        return string.Create(CultureInfo.InvariantCulture, $"{peer} has a least election timeout of {other.TimeoutMicroseconds / 1000.0} ms, this member ({Self}) one of {ElectionTimeoutMin.TotalMilliseconds} ms; all must have the same");
    }
}
