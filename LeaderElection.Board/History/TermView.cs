namespace LeaderElection.Board.History;

/// <param name="Number">From 1, over all terms that the board has seen.</param>
/// <param name="Candidate">Who led.</param>
/// <param name="FencingToken">Under which token.</param>
/// <param name="From">From when, by the board's clock.</param>
/// <param name="To">Until when; <see langword="null"/> while it lasts.</param>
/// <param name="Length">For how many milliseconds so far.</param>
/// <param name="Ended">Why it ended.</param>
/// <param name="GapBefore">For how many milliseconds nobody had led before; <see langword="null"/> for the first.</param>
/// <param name="Overlap">For how many milliseconds its leader went on claiming to lead when another did already.</param>
internal sealed record TermView(
    long Number, string Candidate, long FencingToken, DateTimeOffset From, DateTimeOffset? To, double Length, string? Ended, double? GapBefore, double? Overlap);
