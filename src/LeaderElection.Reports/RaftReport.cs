namespace LeaderElection.Reports;

/// <summary>How a candidate's Raft member stands in the election.</summary>
/// <param name="Member">The member's id.</param>
/// <param name="Term">The term that it is in.</param>
/// <param name="VotedFor">The member that it voted for in that term.</param>
/// <param name="Peers">The other members, as it sees them.</param>
public sealed record RaftReport(string Member, long Term, string? VotedFor, IReadOnlyList<RaftPeerReport> Peers);
