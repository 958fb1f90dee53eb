using LeaderElection.Board.Candidates;
using LeaderElection.Board.Elections;
using LeaderElection.Board.History;
using LeaderElection.Reports;

namespace LeaderElection.Tests.Board;

public sealed class TimelineTests : IDisposable
{
    private static readonly ElectionKey Jobs = new("jobs", "file");

    private readonly VirtualTime _time = new();
    private readonly CandidateRoster _roster;
    private readonly object _first = new();
    private readonly object _second = new();

    public TimelineTests() => _roster = new CandidateRoster(_time, new ChangeFeed());

    private TimelineView Timeline => _roster.Find(Jobs)!.Timeline;

    public void Dispose() => _roster.Dispose();

    [Fact]
    public void Leader_Dies_ItsTermEndsWithItsConnection_AndTheGapIsAFailOver()
    {
        Lead(_first, "a", 1);
        Follow(_second, "b");
        Pass(5_000);
        _roster.Disconnect(_first);
        Pass(35);
        Lead(_second, "b", 2);

        Assert.Equal(["a 1 5000 gone ", "b 2 0  35"], Lines());
        Assert.Equal(new Distribution(1, 35, 35), Timeline.Figures.FailOver);
        Assert.Equal(0, Timeline.Figures.HandOver.Count);
        Assert.Equal((2, 35), (Timeline.Figures.Leaderships, Timeline.Figures.LongestGap));
        Assert.Null(Timeline.OpenGap);
    }

    [Fact]
    public void Leader_IsFrozen_ItsTermEndsWithItsLease()
    {
        Lead(_first, "a", 1, lease: 10);
        Pass(12_000);

        Assert.Equal(["a 1 10001 lease ran out "], Lines());
        Assert.Equal(1_999, Timeline.OpenGap);
    }

    [Fact]
    public void Leader_Resigns_IsAHandOver()
    {
        Lead(_first, "a", 1);
        Follow(_second, "b");
        Pass(1_000);
        Follow(_first, "a", "resigned");
        Pass(3);
        Lead(_second, "b", 2);

        Assert.Equal(["a 1 1000 resigned ", "b 2 0  3"], Lines());
        Assert.Equal(new Distribution(1, 3, 3), _roster.Figures().HandOver);
        Assert.Equal(0, _roster.Figures().FailOver.Count);
    }

    [Fact]
    public void Leader_SaysThatItResignedAfterTheNextHasStarted_IsAHandOverAllTheSame()
    {
        Lead(_first, "a", 1);
        Pass(1_000);
        Lead(_second, "b", 2);
        Assert.Equal(["a 1 1000 superseded ", "b 2 0  0"], Lines());
        Assert.Equal(1, Timeline.Figures.FailOver.Count);

        Follow(_first, "a", "resigned");

        Assert.Equal(["a 1 1000 resigned ", "b 2 0  0"], Lines());
        Assert.Equal((0, 1), (Timeline.Figures.FailOver.Count, Timeline.Figures.HandOver.Count));
    }

    [Fact]
    public void Leader_ReportsAgainAfterItsConnectionBroke_IsStillTheSameTerm()
    {
        Lead(_first, "a", 1);
        Pass(1_000);
        _roster.Disconnect(_first);
        Pass(500);
        Lead(_second, "a", 1);
        Pass(500);

        Assert.Equal(["a 1 2000  "], Lines());
        Assert.Null(Timeline.Figures.LongestGap);
    }

    [Fact]
    public void Gap_WithoutAnyCandidate_IsNobodysFailOver()
    {
        Lead(_first, "a", 1);
        Pass(1_000);
        _roster.Disconnect(_first);
        Pass(3_600_000);
        Lead(_second, "a", 2);

        Assert.Equal(3_600_000, Timeline.Figures.LongestGap);
        Assert.Equal(0, Timeline.Figures.FailOver.Count);
    }

    [Fact]
    public void OldLeader_GoesOnClaiming_IsAnOverlap()
    {
        Lead(_first, "a", 1);
        Pass(1_000);
        Lead(_second, "b", 2);
        Pass(400);
        Lead(_first, "a", 1);
        Assert.Null(Timeline.Terms[0].Overlap);

        Pass(400);
        Lead(_first, "a", 1);

        Assert.Equal(800, Timeline.Terms[0].Overlap);
        Assert.Equal((1, 1), (Timeline.Figures.Overlaps, _roster.Figures().Overlaps));
    }

    [Fact]
    public void Terms_AreBounded_AndWhatIsDroppedIsSaid()
    {
        for (var token = 1; token <= 250; token++)
        {
            Lead(_first, "a", token);
            Pass(10);
        }

        Assert.Equal((200, 50, 250), (Timeline.Terms.Count, Timeline.DroppedTerms, Timeline.Figures.Leaderships));
        Assert.Equal(250, Timeline.Terms[^1].FencingToken);
        Assert.Contains("no longer kept: 50 earlier terms", TimelineText.Write(Timeline), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 200)]
    [InlineData(200, 200)]
    [InlineData(5_000, 8)]
    [InlineData(20_000, 5)]
    public void Limits_AreLowerWithMoreElections(int elections, int terms) => Assert.Equal(terms, HistoryLimits.For(elections).Terms);

    [Fact]
    public void Refusals_OfOneTokenWithinASecond_AreOneMark()
    {
        Lead(_first, "a", 1);
        _roster.Refused("jobs", "a", 1, 2);
        Pass(500);
        _roster.Refused("jobs", "a", 1, 2);
        Pass(1_000);
        _roster.Refused("jobs", "a", 1, 2);

        Assert.Equal([2, 1], Timeline.Refusals.Select(refusal => refusal.Count));
        Assert.Equal((3, 3), (Timeline.Figures.RefusedWrites, _roster.Figures().RefusedWrites));
    }

    [Fact]
    public void Refusal_GoesToTheElectionOfItsWriter()
    {
        Lead(_first, "a", 1);
        _roster.Report(_second, Report("b", "follower") with { Strategy = "redis" });

        _roster.Refused("jobs", "b", 1, 2);
        _roster.Refused("elsewhere", "b", 1, 2);

        Assert.Empty(Timeline.Refusals);
        Assert.Single(_roster.Find(new("jobs", "redis"))!.Timeline.Refusals);
        Assert.Equal(2, _roster.Figures().RefusedWrites);
    }

    [Fact]
    public void Text_IsReadable()
    {
        Lead(_first, "a", 1);
        Follow(_second, "b");
        Pass(12_345);
        _roster.Disconnect(_first);
        Pass(35);
        Lead(_second, "b", 2);
        _roster.Refused("jobs", "a", 1, 2);
        Pass(61_000 * 3);

        Assert.Equal(
            """
            jobs (file): 2 leaders elected so far; times by the board's clock, UTC
            00:00:00.000  a  token 1  led for 12.345 s: gone
            00:00:12.380  -- nobody led for 35 ms
            00:00:12.380  b  token 2  led for 60.001 s: lease ran out
            00:00:12.380  !! refused: a wrote with token 1, the highest seen was 2
            00:03:15.380  -- nobody leads, for 2 min 03 s by now
            fail-over median 35 ms, p95 35 ms (1); hand-over none yet; longest gap 35 ms; refused writes 1

            """,
            TimelineText.Write(Timeline));
    }

    [Fact]
    public void Since_LeavesOutWhatHadEndedByThen()
    {
        Lead(_first, "a", 1);
        Pass(1_000);
        Lead(_first, "a", 2);
        Pass(1_000);
        Lead(_first, "a", 3);

        var tokens = _roster.Find(Jobs, _time.GetUtcNow() - TimeSpan.FromMilliseconds(500))!.Timeline.Terms.Select(term => term.FencingToken);

        Assert.Equal([2, 3], tokens);
    }

    [Fact]
    public void Distribution_HasMedianAndP95()
    {
        var times = Enumerable.Range(1, 100).Reverse().Select(i => TimeSpan.FromMilliseconds(i)).ToArray();

        Assert.Equal(new Distribution(100, 50.5, 95), Distribution.Of(times));
        Assert.Equal(new Distribution(3, 99, 100), Distribution.Of(times.Take(3)));
        Assert.Equal(new Distribution(0, null, null), Distribution.Of([]));
    }

    [Fact]
    public void Gone_IsListedForAWhile()
    {
        Lead(_first, "a", 1);
        Follow(_second, "b");
        _roster.Disconnect(_second);
        Assert.Equal("gone", _roster.Find(Jobs)!.Candidate("b")!.Role);

        _time.Advance(TimeSpan.FromMinutes(15));

        Assert.Null(_roster.Find(Jobs)!.Candidate("b"));
    }

    [Fact]
    public void Gone_AreBounded_TheLatestStay()
    {
        for (var i = 0; i < 30; i++)
        {
            var connection = new object();
            Follow(connection, $"node-{i:00}");
            Pass(10);
            _roster.Disconnect(connection);
        }

        Assert.Equal(Enumerable.Range(14, 16).Select(i => $"node-{i}"), _roster.Find(Jobs)!.View.Candidates.Select(one => one.Candidate));
    }

    private static CandidateReport Report(string candidate, string role) => new() { Election = "jobs", Strategy = "file", Candidate = candidate, Role = role };

    private void Lead(object connection, string candidate, long token, double lease = 60) =>
        Assert.Null(_roster.Report(connection, Report(candidate, "leader") with { FencingToken = token, LeaseRemaining = lease }));

    private void Follow(object connection, string candidate, string? endReason = null) =>
        Assert.Null(_roster.Report(connection, Report(candidate, "follower") with { EndReason = endReason }));

    private void Pass(int milliseconds) => _time.Advance(TimeSpan.FromMilliseconds(milliseconds));

    private IEnumerable<string> Lines() => Timeline.Terms.Select(term =>
        FormattableString.Invariant($"{term.Candidate} {term.FencingToken} {term.Length} {term.Ended} {term.GapBefore}"));
}
