namespace LeaderElection.Board.Ledger;

/// <summary>An entry that a leader wants appended.</summary>
/// <param name="Epoch">Of which life of the store the token is: tokens of a later one rank above all of an earlier one.</param>
internal sealed record LedgerWrite(string Election, long Epoch, long FencingToken, string? Candidate, string Text);
