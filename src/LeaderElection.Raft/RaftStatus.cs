namespace LeaderElection.Raft;

/// <summary>How a member stands.</summary>
/// <param name="Member">Its id.</param>
/// <param name="Starts">How often it was started.</param>
/// <param name="Peers">The other members, as it sees them.</param>
public sealed record RaftStatus(string Member, long Starts, IReadOnlyList<RaftPeerStatus> Peers);
