namespace LeaderElection.Board.History;

/// <summary>Writes that the ledger refused, one after the other with the same token within a second.</summary>
/// <param name="At">When the first was.</param>
/// <param name="Candidate">Who wrote, if it said.</param>
/// <param name="FencingToken">The token that was refused.</param>
/// <param name="Highest">The highest that had been seen by then.</param>
/// <param name="Count">How many.</param>
internal sealed record RefusedWrite(DateTimeOffset At, string? Candidate, long FencingToken, long Highest, int Count);
