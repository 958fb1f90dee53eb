namespace LeaderElection.Tests.History;

internal enum EventKind
{
    /// <summary>It began to campaign.</summary>
    Campaigns,

    /// <summary>It was elected.</summary>
    Elected,

    /// <summary>It says until when its lease lets it believe.</summary>
    Believes,

    /// <summary>Its <c>Lost</c> fired.</summary>
    Lost,

    /// <summary>
    /// It has resigned, its work still runs, and its lease is renewed: until <see cref="HistoryEvent.Until"/>, the end of the lease
    /// or of the time for that, nobody else may be elected.
    /// </summary>
    Drains,

    /// <summary>Its resignation returned.</summary>
    Resigned,

    /// <summary>It sent a write to the fenced resource.</summary>
    Sent,

    /// <summary>The resource accepted the write.</summary>
    Accepted,

    /// <summary>The resource refused the write.</summary>
    Refused,

    /// <summary>The test killed it.</summary>
    Killed,

    /// <summary>It began the work that only a leader does.</summary>
    WorkStarted,

    /// <summary>That work has stopped.</summary>
    WorkStopped,

    /// <summary>The test began or ended a fault.</summary>
    Disturbed,

    /// <summary>From here on nobody can be elected: the store, or too much of it, is away.</summary>
    StoreDown,

    /// <summary>The store is back.</summary>
    StoreUp,

    /// <summary>
    /// The test deleted the entry of this leadership, in a queue, where the next is first at once; the leader has until
    /// <see cref="HistoryEvent.Until"/> to hear of it.
    /// </summary>
    EntryDeleted,

    /// <summary>The test froze it, until <see cref="HistoryEvent.Until"/>.</summary>
    Frozen,

    /// <summary>The machine had no time for the test itself, until <see cref="HistoryEvent.Until"/>.</summary>
    Stalled,

    /// <summary>The test ended, all faults healed.</summary>
    Ended,
}
