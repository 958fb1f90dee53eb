namespace LeaderElection.Board.Ledger;

/// <summary>An entry that a leader wants appended.</summary>
internal sealed record LedgerWrite(string Election, long FencingToken, string? Candidate, string Text);
