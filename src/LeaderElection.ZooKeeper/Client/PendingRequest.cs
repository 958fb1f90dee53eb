namespace LeaderElection.ZooKeeper.Client;

/// <summary>A request on its way, and who waits for the answer.</summary>
internal abstract class PendingRequest(OpCode op)
{
    public OpCode Op => op;

    /// <summary>The timestamp from just before it was sent.</summary>
    public long Sent { get; set; }

    /// <summary>Its xid: the one that replies carry which come in order, or a reserved one.</summary>
    public int Xid { get; set; }

    /// <summary>Whether nobody waits for it any more.</summary>
    public abstract bool IsDone { get; }

    public abstract ReadOnlyMemory<byte> Body { get; }

    /// <summary>The answer came. Called on the loop that reads.</summary>
    public abstract void Complete(ErrorCode code, ref JuteReader reader, WatchRegistry watches);

    /// <summary>No answer will come.</summary>
    public abstract void Fail(Exception error);
}
