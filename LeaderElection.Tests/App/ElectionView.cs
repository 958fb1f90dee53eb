namespace LeaderElection.Tests.App;

/// An election as the board shows it.
internal sealed record ElectionView(string Name, string Strategy, LeaderView? Leader, IReadOnlyList<CandidateView> Candidates);
