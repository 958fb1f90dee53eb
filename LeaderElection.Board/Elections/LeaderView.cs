namespace LeaderElection.Board.Elections;

internal sealed record LeaderView(string Candidate, long FencingToken, DateTimeOffset? Since);
