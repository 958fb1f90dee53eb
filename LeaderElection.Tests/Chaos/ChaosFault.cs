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

    /// <summary>A leader resigns, and its work takes longer than the lease to stop.</summary>
    WorkSlowToStop,

    /// <summary>A leader resigns, and its work goes on for longer than anybody waits for it.</summary>
    WorkIgnoresLost,

    /// <summary>A leader's handlers of the end throw; then it resigns, or is frozen for more than the lease.</summary>
    HandlersThrow,

    /// <summary>500 work items block a candidate's thread pool.</summary>
    ThreadPoolBlocked,

    /// <summary>SIGKILL, and started again with a lease of another length than the others have.</summary>
    OtherLease,

    /// <summary>SIGKILL, and started again with names of the servers, of which each has two addresses: the first answers nothing.</summary>
    DeadAddress,

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

    /// <summary>What a candidate has asked on the connections that stand is executed only when its lease is over; it may ask anew on others meanwhile.</summary>
    RequestsLate,

    /// <summary>The same with the answers: what it asked is executed, and it hears of that only then.</summary>
    RepliesLate,

    /// <summary>Pub/sub messages, or events of watches, are lost on the connections of all candidates, and a leader resigns that goes on living.</summary>
    EventsLost,

    /// <summary>Each candidate is cut off from another server.</summary>
    ViewsDiffer,

    /// <summary>A server of the store is killed, and started again.</summary>
    ServerKilled,

    /// <summary>A server of the store is frozen, and thaws.</summary>
    ServerFrozen,

    /// <summary>A server of the store is frozen, and killed.</summary>
    ServerFrozenThenKilled,

    /// <summary>Servers of one store are cut off from each other, and not from candidates: one from all others or from one, one way or both.</summary>
    ServersCutOff,

    /// <summary>A server gets back the data of a backup that is some seconds old.</summary>
    ServerRestored,

    /// <summary>All servers get back a snapshot, after more has happened; for the longest lease nobody reaches them.</summary>
    AllRestored,

    /// <summary>The wall clock of a server jumps, forward or back.</summary>
    ClockStepped,

    /// <summary>All servers (raft: members) are killed, and started again with their data.</summary>
    AllRestarted,

    /// <summary>One of several independent servers loses all its data.</summary>
    ServerEmptied,

    /// <summary>A member is started again with an empty folder.</summary>
    FolderLost,

    /// <summary>A member is started again with another list of members, and once more with its own.</summary>
    ListChanged,

    /// <summary>A second process of a member is started, on an empty folder of its own, while the first one runs, is frozen or dead.</summary>
    StartedTwice,

    /// <summary>An operator deletes the leader's entry.</summary>
    EntryDeleted,

    /// <summary>The shared folder is not there for a while.</summary>
    FolderGone,

    /// <summary>The disk is full.</summary>
    DiskFull,

    /// <summary>The folder is read-only, but for files that are open.</summary>
    ReadOnly,
}
