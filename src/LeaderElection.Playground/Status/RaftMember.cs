using LeaderElection.Reports;
using LeaderElection.Raft;
using LeaderElection.Playground.Faults;

namespace LeaderElection.Playground.Status;

/// <summary>This process's Raft member, for those who ask; nothing of it is there with another strategy.</summary>
internal sealed class RaftMember(IElectionBackend backend, FaultInjection faults)
{
    private readonly RaftElectionBackend? _backend = backend as RaftElectionBackend;

    /// <summary>The ids of the other members; <see langword="null"/> with another strategy.</summary>
    public IReadOnlyList<string>? Peers => _backend is null ? null : [.. _backend.GetStatus().Peers.Select(peer => peer.Member)];

    /// <summary>How it stands in the election; <see langword="null"/> with another strategy.</summary>
    public RaftReport? Report(string electionName)
    {
        if (_backend is null)
            return null;
        var status = _backend.GetStatus();
        var election = _backend.GetStatus(electionName);
        return new RaftReport(status.Member, election?.Term ?? 0, election?.VotedFor, [.. status.Peers.Select(peer => new RaftPeerReport(
            peer.Member, peer.IsConnected, ElectionEndpoint.Seconds(peer.HeartbeatAge), peer.Sent, peer.Received, faults.IsCutOffFrom(peer.Member)))]);
    }

    /// <summary>Hands a leadership over to a member.</summary>
    /// <exception cref="InvalidOperationException">It cannot be; nothing has changed.</exception>
    public ValueTask TransferAsync(Leadership leadership, string member, CancellationToken cancellationToken) =>
        _backend!.TransferAsync(leadership, member, cancellationToken);
}
