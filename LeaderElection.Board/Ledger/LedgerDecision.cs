namespace LeaderElection.Board.Ledger;

/// <summary>What became of a write.</summary>
/// <param name="Sequence">The entry's number, from 1, within its election; <see langword="null"/> if the write was refused.</param>
/// <param name="Highest">The highest token seen so far, the write's own included if it was accepted.</param>
/// <param name="Epoch">The highest epoch seen so far, of which the highest token is.</param>
/// <param name="IsFirstOfTerm">Whether it was accepted, and is the first with its token.</param>
internal readonly record struct LedgerDecision(long? Sequence, long Highest, long Epoch, bool IsFirstOfTerm);
