namespace LeaderElection.Tests.History;

/// <summary>The checker on histories written by hand: it must pass the good and bite on the bad.</summary>
public sealed class HistoryCheckerTests
{
    private const long Ms = 1_000_000;

    [Fact]
    public void Check_OneAfterTheOther_FindsNothing() => Assert.Empty(HistoryChecker.Check(
    [
        new(10, "a", EventKind.Elected, 1), new(10, "a", EventKind.Believes, 1, Until: 100), new(20, "a", EventKind.Accepted, 1),
        new(50, "a", EventKind.Lost, 1), new(60, "b", EventKind.Elected, 2), new(70, "b", EventKind.Accepted, 2), new(80, "a", EventKind.Refused, 1, Highest: 2),
    ], new HistoryBounds(TimeSpan.FromTicks(1))));

    [Fact]
    public void Check_TwoAtATime_IsI1() => Assert.Equal("I1", Assert.Single(HistoryChecker.Check(
    [
        new(10, "a", EventKind.Elected, 1), new(10, "a", EventKind.Believes, 1, Until: 100),
        new(60, "b", EventKind.Elected, 2), new(70, "a", EventKind.Lost, 1),
    ])).Invariant);

    [Fact]
    public void Check_FrozenLeaderPastItsDeadline_IsFine() => Assert.Empty(HistoryChecker.Check(
    [
        new(10, "a", EventKind.Elected, 1), new(10, "a", EventKind.Believes, 1, Until: 50),
        new(60, "b", EventKind.Elected, 2), new(500, "a", EventKind.Lost, 1),
    ]));

    [Fact]
    public void Check_FrozenLeaderThatStillBelieves_IsI1() => Assert.Equal("I1", Assert.Single(HistoryChecker.Check(
    [
        new(10, "a", EventKind.Elected, 1), new(10, "a", EventKind.Believes, 1, Until: 90),
        new(60, "b", EventKind.Elected, 2), new(500, "a", EventKind.Lost, 1),
    ])).Invariant);

    [Fact]
    public void Check_KilledLeader_BelievesNothing() => Assert.Empty(HistoryChecker.Check(
    [
        new(10, "a", EventKind.Elected, 1), new(10, "a", EventKind.Believes, 1, Until: 90),
        new(20, "a", EventKind.Killed, 0), new(30, "b", EventKind.Elected, 2),
    ]));

    [Fact]
    public void Check_TokenThatDoesNotIncrease_IsI2() => Assert.Equal("I2", Assert.Single(HistoryChecker.Check(
    [
        new(10, "a", EventKind.Elected, 2), new(20, "a", EventKind.Lost, 2), new(30, "b", EventKind.Elected, 2),
    ])).Invariant);

    [Fact]
    public void Check_AcceptedBelowTheHighest_IsI5() => Assert.Equal("I5", Assert.Single(HistoryChecker.Check(
    [
        new(10, "b", EventKind.Accepted, 2), new(20, "a", EventKind.Accepted, 1),
    ])).Invariant);

    [Fact]
    public void Check_AcceptedTokenZero_IsI5() =>
        Assert.Equal("I5", Assert.Single(HistoryChecker.Check([new(10, "b", EventKind.Accepted, 0)])).Invariant);

    [Fact]
    public void Check_LongWithoutALeader_IsI4()
    {
        HistoryEvent[] history = [.. Leadership("a", 1, 10, 20), .. Leadership("b", 2, 90, 95)];
        Assert.Equal("I4", Assert.Single(Check(history, gap: 69)).Invariant);
        Assert.Empty(Check(history, gap: 70));
    }

    [Fact]
    public void Check_NobodyEverElected_IsI4() => Assert.Equal("I4", Assert.Single(Check(
        [At(0, "a", EventKind.Campaigns), At(100, "test", EventKind.Ended)], gap: 99)).Invariant);

    [Fact]
    public void Check_NobodyAtTheEnd_IsI4() => Assert.Equal("I4", Assert.Single(Check(
        [At(0, "a", EventKind.Campaigns), .. Leadership("a", 1, 10, 20), At(100, "test", EventKind.Ended)], gap: 50)).Invariant);

    [Fact]
    public void Check_NobodyWhileTheStoreIsAway_IsFineUntilTheBoundAfterItsReturn()
    {
        HistoryEvent[] history =
        [
            .. Leadership("a", 1, 10, 20), At(15, "test", EventKind.StoreDown), At(80, "test", EventKind.StoreUp), .. Leadership("b", 2, 95, 99),
        ];
        Assert.Equal("I4", Assert.Single(Check(history, gap: 14)).Invariant);
        Assert.Empty(Check(history, gap: 15));
    }

    [Fact]
    public void Check_NobodyWhileFaultsGoOn_IsCountedBetweenThem()
    {
        HistoryEvent[] history = [.. Leadership("a", 1, 10, 20), At(50, "test", EventKind.Disturbed), .. Leadership("b", 2, 90, 95)];
        Assert.Equal("I4", Assert.Single(Check(history, gap: 39)).Invariant);
        Assert.Empty(Check(history, gap: 40));
    }

    [Fact]
    public void Check_NobodyWhileTheMachineStoodStill_IsNotCounted()
    {
        HistoryEvent[] history =
        [
            .. Leadership("a", 1, 10, 20), At(30, "machine", EventKind.Stalled) with { Until = 60 * Ms }, .. Leadership("b", 2, 90, 95),
        ];
        Assert.Equal("I4", Assert.Single(Check(history, gap: 39)).Invariant);
        Assert.Empty(Check(history, gap: 40));
    }

    [Fact]
    public void Check_WorkThatGoesOnAfterTheNextWasElected_IsI1()
    {
        HistoryEvent[] history = [.. Leadership("a", 1, 10, 20), .. Leadership("b", 2, 21, 80)];
        Assert.Empty(Check(history));
        var stopped = Array.FindIndex(history, e => e.What == EventKind.WorkStopped);
        history[stopped] = history[stopped] with { At = 30 * Ms };
        Assert.Equal("I1", Assert.Single(Check(history)).Invariant);
    }

    [Fact]
    public void Check_WorkThatGoesOnUnderAFrozenLeadersLateToken_IsFine()
    {
        HistoryEvent[] history =
        [
            At(10, "a", EventKind.Elected, 1), At(10, "a", EventKind.WorkStarted, 1), At(10, "a", EventKind.Believes, 1) with { Until = 50 * Ms },
            At(60, "b", EventKind.Elected, 2), At(500, "a", EventKind.Sent, 1), At(501, "a", EventKind.Lost, 1), At(501, "a", EventKind.WorkStopped, 1),
        ];
        Assert.Empty(Check(history));
    }

    [Fact]
    public void Check_TwoAtATimeSinceTheEntryWasDeleted_IsFineUntilTheFirstMustHaveHeardOfIt()
    {
        HistoryEvent[] leaderships = [.. Leadership("a", 1, 10, 60), .. Leadership("b", 2, 30, 90)];
        var deleted = At(25, "test", EventKind.EntryDeleted, 1) with { Until = 60 * Ms };
        Assert.Empty(Check([.. leaderships, deleted]));
        Assert.Equal("I1", Assert.Single(Check([.. leaderships, deleted with { Until = 59 * Ms }])).Invariant);
        Assert.Equal("I1", Assert.Single(Check([.. leaderships, deleted with { At = 31 * Ms }])).Invariant);
        Assert.Equal("I1", Assert.Single(Check([.. leaderships, deleted with { Token = 2 }])).Invariant);
    }

    [Fact]
    public void Check_SecondWriteAfterTheDeadline_IsI1()
    {
        HistoryEvent[] history =
        [
            At(10, "a", EventKind.Elected, 1), At(10, "a", EventKind.Believes, 1) with { Until = 50 * Ms }, At(50, "a", EventKind.Lost, 1),
            At(51, "a", EventKind.Sent, 1), At(60, "a", EventKind.Sent, 1),
        ];
        Assert.Equal("I1", Assert.Single(Check(history)).Invariant);
        Assert.Empty(Check(history[..^1]));
    }

    [Fact]
    public void Check_KilledWhileItWasElected_BelievesNothing() => Assert.Empty(Check(
    [
        At(20, "a", EventKind.Killed) with { Until = 25 * Ms }, At(21, "a", EventKind.Elected, 1), At(21, "a", EventKind.Believes, 1) with { Until = 90 * Ms },
        At(30, "b", EventKind.Elected, 2),
    ]));

    [Fact]
    public void Check_NobodyAfterAResignation_IsI3()
    {
        HistoryEvent[] history =
        [
            At(0, "b", EventKind.Campaigns), .. Leadership("a", 1, 10, 40), At(40, "a", EventKind.Resigned, 1), .. Leadership("b", 2, 71, 99),
            At(100, "test", EventKind.Ended),
        ];
        Assert.Equal("I3", Assert.Single(Check(history, handOver: 30)).Invariant);
        Assert.Empty(Check(history, handOver: 31));
        // Nobody waited, or a fault was about: then it proves nothing.
        Assert.Empty(Check(history[1..], handOver: 30));
        Assert.Empty(Check([.. history, At(35, "test", EventKind.Disturbed)], handOver: 30));
    }

    [Fact]
    public void Violation_EvidenceAlone_ShowsTheSameViolation()
    {
        HistoryEvent[] history =
        [
            .. Leadership("a", 1, 10, 20), .. Leadership("b", 2, 30, 60), .. Leadership("c", 3, 50, 80), .. Leadership("a", 4, 90, 95),
            At(45, "test", EventKind.Disturbed) with { Note = "b frozen" },
        ];
        var violation = Assert.Single(Check(history));
        Assert.Equal(violation.Text, Assert.Single(Check(violation.Evidence)).Text);
        Assert.DoesNotContain(violation.Evidence, e => e.Candidate == "a");
        Assert.Contains("b frozen", violation.Explain(history));
    }

    private static HistoryEvent At(long ms, string candidate, EventKind what, long token = 0) => new(ms * Ms, candidate, what, token);

    private static HistoryEvent[] Leadership(string candidate, long token, long from, long to) =>
    [
        At(from, candidate, EventKind.Elected, token), At(from, candidate, EventKind.WorkStarted, token),
        At(from, candidate, EventKind.Believes, token) with { Until = (to + 50) * Ms },
        At(to, candidate, EventKind.Lost, token), At(to, candidate, EventKind.WorkStopped, token),
    ];

    private static IReadOnlyList<HistoryViolation> Check(IEnumerable<HistoryEvent> history, int? gap = null, int? handOver = null) => HistoryChecker.Check(
        history, new HistoryBounds(gap is { } g ? TimeSpan.FromMilliseconds(g) : null, handOver is { } h ? TimeSpan.FromMilliseconds(h) : null, TimeSpan.FromMilliseconds(10)));
}
