namespace LeaderElection.Raft.Transport;

/// <summary>Why a connection or a member was turned away. The numbers cross the wire in handshakes.</summary>
internal enum RefusalReason : byte
{
    /// <summary>It is no handshake, or no frame.</summary>
    Garbage = 1,

    /// <summary>It speaks another version of the protocol.</summary>
    Version = 2,

    /// <summary>It took this member for another.</summary>
    Target = 3,

    /// <summary>It is not on the list of members.</summary>
    Stranger = 4,

    /// <summary>It has another secret.</summary>
    Secret = 5,

    /// <summary>Its certificate is none of the authority's, or not that of the member that it says it is.</summary>
    Certificate = 6,

    /// <summary>It has been started more often before: its state is an older copy.</summary>
    Forgetful = 7,

    /// <summary>It did not finish its handshake in time.</summary>
    Slow = 8,

    /// <summary>Too many handshakes were under way.</summary>
    Crowd = 9,

    /// <summary>It belongs to another cluster, or has another list of members or other times.</summary>
    Configuration = 10,

    /// <summary>Its state is not the one that the member of this id takes part with.</summary>
    Replaced = 11,

    /// <summary>Another process of the same id is linked to.</summary>
    Twice = 12,
}
