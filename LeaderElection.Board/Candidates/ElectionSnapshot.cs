using LeaderElection.Board.Elections;
using LeaderElection.Board.History;

namespace LeaderElection.Board.Candidates;

/// <summary>An election at one moment, with what has been seen of it.</summary>
internal sealed record ElectionSnapshot(ElectionView View, TimelineView Timeline, PulseView Pulse)
{
    public LeaderView? Leader => View.Leader;

    public CandidateView? Candidate(string id) => View.Candidates.FirstOrDefault(candidate => candidate.Candidate == id);
}
