namespace LeaderElection.Board.History;

/// <param name="Name">The election.</param>
/// <param name="Strategy">Its strategy.</param>
/// <param name="Now">The board's clock.</param>
/// <param name="Terms">Who led, oldest first.</param>
/// <param name="OpenGap">For how many milliseconds nobody has been leading by now; <see langword="null"/> if somebody does, or never did.</param>
/// <param name="Refusals">What the ledger refused, oldest first.</param>
/// <param name="DroppedTerms">How many earlier terms are no longer kept.</param>
/// <param name="DroppedRefusals">How many earlier refusals are no longer kept.</param>
/// <param name="Figures">The election's figures.</param>
internal sealed record TimelineView(
    string Name, string Strategy, DateTimeOffset Now, IReadOnlyList<TermView> Terms, double? OpenGap, IReadOnlyList<RefusedWrite> Refusals,
    long DroppedTerms, long DroppedRefusals, Figures Figures);
