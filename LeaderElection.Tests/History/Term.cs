namespace LeaderElection.Tests.History;

/// <summary>One leadership in a history, in nanoseconds of the machine's clock.</summary>
/// <param name="Candidate">Who led.</param>
/// <param name="Token">Under which fencing token.</param>
/// <param name="From">When it was elected.</param>
/// <param name="To">When it could no longer believe, or had stopped.</param>
/// <param name="Deadline">Until when it believed by its lease alone.</param>
/// <param name="Evidence">The events that say so.</param>
internal sealed record Term(string Candidate, long Token, long From, long To, long Deadline, IReadOnlyList<HistoryEvent> Evidence)
{
    public override string ToString() => $"{Candidate} under {Token} from {From / 1e6:0.000} to {To / 1e6:0.000} ms";
}
