namespace LeaderElection.Leases;

/// <summary>One who waits for news of an election: a candidate or an observer.</summary>
internal sealed class LeaseSeat(string election)
{
    public string Election { get; } = election;

    /// <summary>Given when the election may have changed.</summary>
    public AsyncSignal Signal { get; } = new();

    /// <summary>Whom it last saw lead; <see langword="null"/> for nobody.</summary>
    public LeaseHolder? Holder { get; set; }

    /// <summary>The last sign of life of a leader that is now gone, as a timestamp; <see langword="null"/> while there is a leader.</summary>
    public long? LeaderGoneSince { get; set; }

    /// <summary>The lease that the seat waits out. Kept by <see cref="LeaseWatch"/>, under its lock.</summary>
    internal LeaseWatch.Watched? Watched { get; set; }
}
