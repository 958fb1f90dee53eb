namespace LeaderElection.Tests.Raft;

/// <summary>A simulated run before it is run: all that its seed decides, so that it can be run again with less.</summary>
internal sealed record Scenario
{
    public required int Seed { get; init; }

    public required int Members { get; init; }

    public required int Elections { get; init; }

    /// <summary>Which share of the messages is lost.</summary>
    public required double Loss { get; init; }

    /// <summary>Which share arrives twice.</summary>
    public required double Duplication { get; init; }

    /// <summary>Which share is late, by up to <see cref="Lateness"/>.</summary>
    public required double Late { get; init; }

    /// <summary>In µs.</summary>
    public required long Lateness { get; init; }

    /// <summary>How long a write takes at most while there are faults, in µs.</summary>
    public required long WriteTime { get; init; }

    /// <summary>When all faults end, in µs.</summary>
    public required long HealAt { get; init; }

    public required bool HasPriorities { get; init; }

    public required Fault[] Faults { get; init; }

    public Defect Defect { get; init; }

    public static Scenario Create(int seed, Defect defect = Defect.None)
    {
        var random = new Random(seed);
        var members = Pick(random, 3, 3, 3, 4, 5, 5, 7);
        var (healAt, count) = random.Next(10) == 0
            ? (random.NextInt64(5_000_000, 15_000_000), random.Next(50, 150))
            : (random.NextInt64(500_000, 2_500_000), random.Next(4, 24));
        var faults = new Fault[count];
        for (var i = 0; i < faults.Length; i++)
            faults[i] = Fault.Create(random, healAt, members);
        return new()
        {
            Seed = seed,
            Members = members,
            Elections = Pick(random, 1, 2, 3, 3, 8),
            Loss = Pick(random, 0, 0, 0.02, 0.15),
            Duplication = Pick(random, 0, 0.05),
            Late = Pick(random, 0, 0.02, 0.2),
            Lateness = Pick(random, 20_000L, 400_000L),
            WriteTime = Pick(random, 2_000L, 10_000L, 60_000L),
            HealAt = healAt,
            HasPriorities = random.Next(3) == 0,
            Faults = [.. faults.OrderBy(f => f.At)],
            Defect = defect,
        };
    }

    /// <summary>Finds less that fails in the same way: fewer faults, and a better network.</summary>
    public Scenario Shrink(string invariant)
    {
        var best = this;
        bool Fails(Scenario smaller) => new Simulation(smaller).Run() is { } found && found.Invariant == invariant;
        bool Try(Scenario smaller)
        {
            if (!Fails(smaller))
                return false;
            best = smaller;
            return true;
        }
        for (var isSmaller = true; isSmaller;)
        {
            isSmaller = (best.Elections > 1 && Try(best with { Elections = 1 }))
                | (best.Loss > 0 && Try(best with { Loss = 0 }))
                | (best.Duplication > 0 && Try(best with { Duplication = 0 }))
                | (best.Late > 0 && Try(best with { Late = 0 }))
                | (best.HasPriorities && Try(best with { HasPriorities = false }));
            for (var length = best.Faults.Length; length > 0; length /= 2)
            {
                for (var at = 0; at + length <= best.Faults.Length;)
                {
                    if (Try(best with { Faults = [.. best.Faults[..at], .. best.Faults[(at + length)..]] }))
                        isSmaller = true;
                    else
                        at += length;
                }
            }
        }
        return best;
    }

    public override string ToString() =>
        FormattableString.Invariant($"{Members} members, {Elections} elections, loss {Loss}, duplication {Duplication}, late {Late} by up to {Lateness / 1000} ms, writes of up to {WriteTime / 1000} ms, priorities {HasPriorities}, healed at {HealAt / 1000} ms")
        + string.Concat(Faults.Select(f => "\n  " + f));

    private static T Pick<T>(Random random, params ReadOnlySpan<T> values) => values[random.Next(values.Length)];
}
