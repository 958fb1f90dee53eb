namespace LeaderElection.Tests.History;

/// <summary>The checker on histories written by hand: it must pass the good and bite on the bad.</summary>
public sealed class HistoryCheckerTests
{
    [Fact]
    public void Check_OneAfterTheOther_FindsNothing() => Assert.Empty(HistoryChecker.Check(
    [
        new(10, "a", EventKind.Elected, 1), new(10, "a", EventKind.Believes, 1, Until: 100), new(20, "a", EventKind.Accepted, 1),
        new(50, "a", EventKind.Lost, 1), new(60, "b", EventKind.Elected, 2), new(70, "b", EventKind.Accepted, 2), new(80, "a", EventKind.Refused, 1, Highest: 2),
    ], longestGap: 10));

    [Fact]
    public void Check_TwoAtATime_IsI1() => Assert.Contains("I1", Assert.Single(HistoryChecker.Check(
    [
        new(10, "a", EventKind.Elected, 1), new(10, "a", EventKind.Believes, 1, Until: 100),
        new(60, "b", EventKind.Elected, 2), new(70, "a", EventKind.Lost, 1),
    ])));

    [Fact]
    public void Check_FrozenLeaderPastItsDeadline_IsFine() => Assert.Empty(HistoryChecker.Check(
    [
        new(10, "a", EventKind.Elected, 1), new(10, "a", EventKind.Believes, 1, Until: 50),
        new(60, "b", EventKind.Elected, 2), new(500, "a", EventKind.Lost, 1),
    ]));

    [Fact]
    public void Check_FrozenLeaderThatStillBelieves_IsI1() => Assert.Contains("I1", Assert.Single(HistoryChecker.Check(
    [
        new(10, "a", EventKind.Elected, 1), new(10, "a", EventKind.Believes, 1, Until: 90),
        new(60, "b", EventKind.Elected, 2), new(500, "a", EventKind.Lost, 1),
    ])));

    [Fact]
    public void Check_KilledLeader_BelievesNothing() => Assert.Empty(HistoryChecker.Check(
    [
        new(10, "a", EventKind.Elected, 1), new(10, "a", EventKind.Believes, 1, Until: 90),
        new(20, "a", EventKind.Killed, 0), new(30, "b", EventKind.Elected, 2),
    ]));

    [Fact]
    public void Check_TokenThatDoesNotIncrease_IsI2() => Assert.Contains("I2", Assert.Single(HistoryChecker.Check(
    [
        new(10, "a", EventKind.Elected, 2), new(20, "a", EventKind.Lost, 2), new(30, "b", EventKind.Elected, 2),
    ])));

    [Fact]
    public void Check_AcceptedBelowTheHighest_IsI5() => Assert.Contains("I5", Assert.Single(HistoryChecker.Check(
    [
        new(10, "b", EventKind.Accepted, 2), new(20, "a", EventKind.Accepted, 1),
    ])));

    [Fact]
    public void Check_AcceptedTokenZero_IsI5() =>
        Assert.Contains("I5", Assert.Single(HistoryChecker.Check([new(10, "b", EventKind.Accepted, 0)])));

    [Fact]
    public void Check_LongWithoutALeader_IsI4()
    {
        HistoryEvent[] history =
        [
            new(10, "a", EventKind.Elected, 1), new(10, "a", EventKind.Believes, 1, Until: 50), new(20, "a", EventKind.Lost, 1), new(90, "b", EventKind.Elected, 2),
        ];
        Assert.Contains("I4", Assert.Single(HistoryChecker.Check(history, longestGap: 69)));
        Assert.Empty(HistoryChecker.Check(history, longestGap: 70));
    }
}
