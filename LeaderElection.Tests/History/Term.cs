namespace LeaderElection.Tests.History;

/// <summary>One leadership in a history, in nanoseconds of the machine's clock.</summary>
internal sealed record Term(string Candidate, long Token, long From, long To)
{
    public override string ToString() => $"{Candidate} under {Token} from {From / 1e6:0.000} to {To / 1e6:0.000} ms";
}
