namespace LeaderElection.Raft;

/// <summary>Another member, as this one sees it.</summary>
/// <param name="Member">Its id.</param>
/// <param name="Address">Its address.</param>
/// <param name="IsConnected">Whether an authenticated link to it stands.</param>
/// <param name="HeartbeatAge">How long ago its last heartbeat arrived; only a member that leads something sends any.</param>
/// <param name="Sent">How many messages it was sent.</param>
/// <param name="Received">How many messages came from it.</param>
/// <param name="Refused">How many of its frames were refused as garbage.</param>
public sealed record RaftPeerStatus(
    string Member, string Address, bool IsConnected, TimeSpan? HeartbeatAge, long Sent, long Received, long Refused);
