namespace LeaderElection.Reports;

/// <summary>How a link to another member stands.</summary>
/// <param name="Member">The other member's id.</param>
/// <param name="IsConnected">Whether a link to it stands.</param>
/// <param name="HeartbeatAge">How many seconds ago its last heartbeat arrived; only a member that leads something sends any.</param>
/// <param name="Sent">How many messages it was sent.</param>
/// <param name="Received">How many messages came from it.</param>
/// <param name="IsCutOff">Whether the link to it is cut off by fault injection.</param>
public sealed record RaftPeerReport(string Member, bool IsConnected, double? HeartbeatAge, long Sent, long Received, bool IsCutOff);
