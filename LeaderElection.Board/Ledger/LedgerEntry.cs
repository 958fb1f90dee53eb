namespace LeaderElection.Board.Ledger;

internal sealed record LedgerEntry(long Sequence, long FencingToken, string? Candidate, string At, string Text);
