namespace LeaderElection.Board.Ledger;

/// <summary>The latest of an election's ledger, newest first.</summary>
internal sealed record LedgerPage(string Election, long Highest, long Epoch, IReadOnlyList<LedgerEntry> Entries, IReadOnlyList<LedgerRefusal> Refusals);
