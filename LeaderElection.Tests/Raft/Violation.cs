namespace LeaderElection.Tests.Raft;

/// <summary>An invariant that did not hold in a simulated run.</summary>
internal sealed record Violation(string Invariant, long At, string What)
{
    public override string ToString() => FormattableString.Invariant($"{Invariant} at {At / 1000.0:0.000} ms: {What}");
}
