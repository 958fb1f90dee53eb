namespace LeaderElection.Raft.Transport;

/// <summary>A handshake that came to nothing, and why.</summary>
internal class RefusedException(RefusalReason reason, string message, Exception? inner = null) : Exception(message, inner)
{
    public RefusalReason Reason { get; } = reason;
}
