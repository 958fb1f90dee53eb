namespace LeaderElection.Raft;

/// <summary>Another member, as this one sees it.</summary>
internal sealed class Peer(MemberList.Entry entry, int index)
{
    public string Id { get; } = entry.Id;

    public int Index { get; } = index;

    public int Priority { get; } = entry.Priority;

    public bool IsUp { get; set; }

    // What it tells about itself.

    /// <summary>The state under which it is known; empty if it was never heard of.</summary>
    public Guid StateId { get; set; }

    /// <summary>The write that holds the state.</summary>
    public long StateSavedIn { get; set; }

    public long Incarnation { get; set; }

    /// <summary>Of its last heartbeat.</summary>
    public long Sequence { get; set; }

    /// <summary>The version of its notices that this member has.</summary>
    public long Version { get; set; }

    /// <summary>When its last heartbeat arrived.</summary>
    public long LastContact { get; set; } = long.MinValue / 2;

    /// <summary>When it counts as silent, as long as it leads anything.</summary>
    public long SilentAt { get; set; } = long.MaxValue;

    /// <summary>What it leads, in which term and for whom.</summary>
    public Dictionary<ElectionState, Message.Notice> Led { get; } = [];

    /// <summary>The elections in which it is a candidate.</summary>
    public HashSet<ElectionState> CandidateIn { get; } = [];

    /// <summary>What it leads beyond the elections that this member can remember.</summary>
    public Dictionary<string, long> TooMany { get; } = [];

    /// <summary>The write that holds every term in which this member follows it.</summary>
    public long FollowedIn { get; set; }

    // What it acknowledges of this member.

    /// <summary>The version of this member's notices that it has.</summary>
    public long Has { get; set; }

    /// <summary>Heartbeats without an answer, the oldest first.</summary>
    public Queue<Beat> InFlight { get; } = [];

    /// <summary>When the last of them was sent.</summary>
    public long LastSent { get; set; }

    /// <summary>When the latest heartbeat was sent that it acknowledged.</summary>
    public long AckedSent { get; set; } = long.MinValue / 2;

    /// <summary>The version of the notices of that heartbeat.</summary>
    public long AckedVersion { get; set; }

    /// <summary>When its last acknowledgement arrived.</summary>
    public long AckedAt { get; set; } = long.MinValue / 2;

    /// <summary>Since when it acknowledges without a gap.</summary>
    public long WellSince { get; set; }

    // Trouble.

    /// <summary>Whether it was told on this link that the configurations differ.</summary>
    public bool ToldConfiguration { get; set; }

    /// <summary>Whether it was refused on this link.</summary>
    public bool IsRefused { get; set; }

    internal readonly record struct Beat(long Sequence, long Sent, long Base, long Version);
}
