namespace LeaderElection.Board.History;

/// <summary>The figures of one election, or of all.</summary>
/// <param name="Leaderships">How many leaders were elected since the board has been watching.</param>
/// <param name="FailOver">From the end of a leader that did not resign to the next one.</param>
/// <param name="HandOver">From a resignation to the next leader.</param>
/// <param name="LongestGap">In milliseconds, the longest that nobody led between two leaders.</param>
/// <param name="RefusedWrites">How many writes the ledger refused.</param>
/// <param name="Overlaps">How many leaders went on claiming to lead when another did already; there should be none.</param>
internal sealed record Figures(
    long Leaderships, Distribution FailOver, Distribution HandOver, double? LongestGap, long RefusedWrites, long Overlaps);
