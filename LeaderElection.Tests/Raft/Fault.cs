namespace LeaderElection.Tests.Raft;

/// <summary>Something that happens to a simulated cluster at a moment.</summary>
/// <param name="At">When, in µs.</param>
/// <param name="Kind">What.</param>
/// <param name="A">To which member (or, modulo their number, election).</param>
/// <param name="B">The other member.</param>
/// <param name="Length">For how long, in µs, where it ends by itself.</param>
internal sealed record Fault(long At, FaultKind Kind, int A, int B, long Length)
{
    private static readonly (FaultKind Kind, int Weight)[] Weights =
    [
        (FaultKind.Crash, 5), (FaultKind.Restart, 6), (FaultKind.Freeze, 3), (FaultKind.Cut, 2), (FaultKind.CutOneWay, 3),
        (FaultKind.Isolate, 4), (FaultKind.Heal, 3), (FaultKind.Reset, 4), (FaultKind.Resign, 4), (FaultKind.Transfer, 3),
        (FaultKind.Withdraw, 1), (FaultKind.Stand, 2), (FaultKind.LoseDisk, 3), (FaultKind.FailDisk, 2),
    ];

    public static Fault Create(Random random, long end, int members)
    {
        var pick = random.Next(Weights.Sum(w => w.Weight));
        var kind = Weights[0].Kind;
        foreach (var (candidate, weight) in Weights)
        {
            kind = candidate;
            if ((pick -= weight) < 0)
                break;
        }
        var a = random.Next(members);
        return new(random.NextInt64(end), kind, a, (a + 1 + random.Next(members - 1)) % members, random.NextInt64(1_000, 500_000));
    }

    public override string ToString() => $"{At / 1000.0,8:0.0} ms {Kind} m{A}{(Kind is FaultKind.Cut or FaultKind.CutOneWay or FaultKind.Reset or FaultKind.Transfer ? $" m{B}" : "")}{(Kind is FaultKind.Freeze or FaultKind.FailDisk ? $" for {Length / 1000.0:0.0} ms" : "")}";
}
