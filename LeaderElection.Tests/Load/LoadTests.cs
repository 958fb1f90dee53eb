using Xunit.Abstractions;

namespace LeaderElection.Tests.Load;

/// <summary>Small load runs; the real ones by hand: <c>./test load</c>, <c>./test soak</c>.</summary>
[Collection("Chaos")]
[Trait("Category", "Load")]
public sealed class LoadTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("file")]
    [InlineData("redis")]
    [InlineData("etcd")]
    [InlineData("zookeeper")]
    [InlineData("raft")]
    public async Task EveryElection_AfterAFault_HasOneLeaderAgain(string strategy)
    {
        var options = new LoadOptions(200, [strategy]) { Lease = TimeSpan.FromSeconds(2), IsShort = true, Slack = TimeSpan.FromSeconds(20) };
        var steps = await new LoadRun(strategy, options, output.WriteLine).RunAsync();
        Assert.Empty(steps.SelectMany(s => s.Breaches.Select(b => $"{s.Fault}: {b}")));
        Assert.True(steps.Sum(s => s.Hit) > 0, "no fault hit an election");
    }

    [Fact]
    public void Gaps_OfTermsThatFollowEachOther_AreCountedFromTheFault()
    {
        var killed = new HeldTerm(7, "a", 1, From: 0) { Believes = 500, Ended = 100 };
        var frozen = new HeldTerm(7, "b", 2, From: 150) { Believes = 300, Ended = 900 };
        Assert.Equal(100, killed.To(isFrozen: false));
        // Its loss came late; its deadline holds, whether it has woken up or not.
        Assert.Equal(300, frozen.To(isFrozen: false));
        Assert.Equal(300, (frozen with { Ended = null }).To(isFrozen: true));
    }

    [Fact]
    public void Leaderless_IsWhatNobodyLedSinceThen()
    {
        (HeldTerm, bool)[] terms =
        [
            (new(0, "a", 1, From: 0) { Believes = 500 }, false),
            (new(1, "a", 1, From: 0) { Believes = 100, Ended = 100 }, false),
            (new(2, "b", 1, From: 0) { Believes = 100 }, true),
            (new(3, "a", 1, From: 0) { Believes = 100, Ended = 100 }, false),
            (new(3, "b", 2, From: 120) { Believes = 220, Ended = 220 }, false),
        ];
        // One that was lost, one whose leader is frozen, and one that nobody ever led.
        Assert.Equal(3, LoadCandidates.Leaderless(terms, elections: 5, since: 200));
        Assert.Equal(1, LoadCandidates.Leaderless(terms, elections: 5, since: 50));
    }

    [Fact]
    public void Figure_ThatGrows_IsTold()
    {
        var (figure, _) = SoakFigure.All[0];
        var flat = Enumerable.Range(0, 100).Select(i => (i / 360.0, (10.0 + (i % 3)) * (1 << 20))).ToArray();
        var growing = Enumerable.Range(0, 100).Select(i => (i / 360.0, (10.0 + (i * 0.2)) * (1 << 20))).ToArray();
        var (start, end, slope) = figure.Judge(flat);
        Assert.False(figure.Grows(start, end));
        Assert.InRange(slope, -5, 5);
        (start, end, slope) = figure.Judge(growing);
        Assert.True(figure.Grows(start, end));
        Assert.InRange(slope, 71.9, 72.1);
    }

    [Theory]
    [InlineData("--elections", "0")]
    [InlineData("--elections", "many")]
    [InlineData("--strategies", "paper")]
    [InlineData("--lease", "1")]
    [InlineData("--what", "1")]
    [InlineData("--elections")]
    public void Parse_WrongOption_SaysWhatIsWrong(params string[] args) => IsOneLine(args, Assert.Throws<ArgumentException>(() => LoadCommand.Parse(args)));

    [Theory]
    [InlineData("--minutes", "0")]
    [InlineData("--strategies", "")]
    [InlineData("--lease", "3")]
    public void ParseSoak_WrongOption_SaysWhatIsWrong(params string[] args) => IsOneLine(args, Assert.Throws<ArgumentException>(() => SoakCommand.Parse(args)));

    private static void IsOneLine(string[] args, ArgumentException error)
    {
        Assert.Contains(args[0], error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
