namespace LeaderElection.Raft;

/// <summary>How a member stands in one election.</summary>
/// <param name="Election">The election.</param>
/// <param name="Term">The term that the member is in.</param>
/// <param name="VotedFor">The member that it voted for in that term, if any.</param>
/// <param name="Role"><c>leader</c>, <c>candidate</c> or <c>follower</c>, in Raft's sense.</param>
/// <param name="Leader">The member that leads, as far as it knows.</param>
public sealed record RaftElectionStatus(string Election, long Term, string? VotedFor, string Role, string? Leader);
