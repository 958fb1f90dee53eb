namespace LeaderElection.Raft;

/// <summary>What may happen to a member.</summary>
internal abstract record Input
{
    /// <summary>Time has passed; also the first input of all.</summary>
    internal sealed record Tick : Input;

    /// <param name="From">The member that the link leads to.</param>
    /// <param name="Fingerprint">Of the sender's configuration.</param>
    /// <param name="Message">What it said.</param>
    internal sealed record Received(string From, ulong Fingerprint, Message Message) : Input;

    /// <summary>The state with this number is on the disk.</summary>
    internal sealed record Saved(long Number) : Input;

    /// <summary>A link to a member stands.</summary>
    internal sealed record PeerUp(string Peer) : Input;

    /// <summary>The link to a member is gone.</summary>
    /// <param name="Peer">The member.</param>
    /// <param name="Dead">
    /// Its process that is known to have ended; <see langword="null"/> when only the link is known to have. A reset alone
    /// does not prove that a process has ended, a leader may live on behind it with a lease that holds.
    /// </param>
    internal sealed record PeerDown(string Peer, Life? Dead) : Input;

    /// <summary>Campaign: until elected, or withdrawn.</summary>
    internal sealed record Stand(string Election, string Candidate) : Input;

    internal sealed record Withdraw(string Election) : Input;

    /// <summary>Stop leading; the leader's work has stopped already. Hands over to the target, or to whoever is next.</summary>
    internal sealed record Resign(string Election, string? Target = null) : Input;
}
