namespace LeaderElection.Board.Elections;

/// <summary>An election as the board shows it.</summary>
internal sealed record ElectionView(string Name, string Strategy, LeaderView? Leader, IReadOnlyList<CandidateView> Candidates)
{
    public bool SaysTheSameAs(ElectionView other) =>
        Name == other.Name && Strategy == other.Strategy && Leader == other.Leader && Candidates.SequenceEqual(other.Candidates);
}
