namespace LeaderElection.Tests.Chaos;

/// <summary>What is done to candidates and stores.</summary>
internal enum ChaosFault
{
    /// <summary>SIGKILL, and started again at once under its old name.</summary>
    KilledAndRestarted,

    /// <summary>SIGKILL, and started again later.</summary>
    Killed,

    /// <summary>SIGSTOP for less than the lease.</summary>
    FrozenBriefly,

    /// <summary>SIGSTOP for more than the lease.</summary>
    FrozenLong,

    /// <summary>No fault: a leader hands over, for I3.</summary>
    Resigned,

    /// <summary>Packets between a candidate and the store (raft: the other members) are dropped, and nobody is told. Sometimes of one server (member) only.</summary>
    CutOff,

    /// <summary>The store hears the candidate, which hears nothing.</summary>
    CutOffOneWay,

    /// <summary>Messages between raft members are lost, on connections that stand.</summary>
    MessagesLost,

    /// <summary>Answers come late, and then nothing comes.</summary>
    SlowThenCutOff,

    /// <summary>The candidate's connections are reset.</summary>
    Reset,

    /// <summary>A server of the store is killed, and started again.</summary>
    ServerKilled,

    /// <summary>A server of the store is frozen.</summary>
    ServerFrozen,

    /// <summary>All servers (raft: members) are killed, and started again with their data.</summary>
    AllRestarted,

    /// <summary>One of several independent servers loses all its data.</summary>
    ServerEmptied,

    /// <summary>An operator deletes the leader's entry.</summary>
    EntryDeleted,

    /// <summary>The shared folder is not there for a while.</summary>
    FolderGone,

    /// <summary>The disk is full.</summary>
    DiskFull,

    /// <summary>The folder is read-only, but for files that are open.</summary>
    ReadOnly,
}
