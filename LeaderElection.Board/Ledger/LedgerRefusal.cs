namespace LeaderElection.Board.Ledger;

/// <param name="FencingToken">The token that was refused.</param>
/// <param name="Highest">The highest that had been seen by then.</param>
/// <param name="Candidate">Who sent it, if it said.</param>
/// <param name="At">When, by the board's clock.</param>
internal sealed record LedgerRefusal(long FencingToken, long Highest, string? Candidate, string At);
