using LeaderElection.Tests.History;
using Xunit.Abstractions;

namespace LeaderElection.Tests.Chaos;

/// <summary>Short chaos runs; longer ones by hand: <c>./test chaos --minutes 30</c>.</summary>
[Collection("Chaos")]
[Trait("Category", "Chaos")]
public sealed class ChaosTests(ITestOutputHelper output)
{
    [Fact]
    public Task EveryInvariant_OnEveryStrategyUnderFaults_Holds() => HoldsAsync(TimeSpan.FromSeconds(100), seed: 1);

    [Fact]
    public Task EveryInvariant_UnderFaultsThatNobodyHasSeenYet_Holds() => HoldsAsync(TimeSpan.FromSeconds(60), ChaosOptions.NewSeed());

    [Theory]
    [InlineData(nameof(CandidateDefect.DeadlineFromReply), "I1: two leaders", "redis", ChaosFault.SlowThenCutOff)]
    [InlineData(nameof(CandidateDefect.IgnoresLost), "writes sent after the deadline", "redis", ChaosFault.CutOff)]
    [InlineData(nameof(CandidateDefect.ReleasesBeforeTheStop), "I1: two leaders", "file", ChaosFault.Resigned)]
    [InlineData(nameof(CandidateDefect.LeadsOnFirstDelete), "I1: two leaders", "etcd", ChaosFault.Resigned)]
    [InlineData(nameof(CandidateDefect.NoFencing), "I5: the resource accepted", "file", ChaosFault.FrozenLong)]
    public async Task Defect_IsCaught(string defect, string violation, string strategy, object fault)
    {
        var options = new ChaosOptions(TimeSpan.FromMinutes(2), 1, [strategy])
        {
            Defect = Enum.Parse<CandidateDefect>(defect), Faults = [(ChaosFault)fault], StopsAtViolation = true,
        };
        var report = Assert.Single(await ChaosRunner.RunAsync(options, output.WriteLine));
        Assert.Contains(report.Violations, v => v.Contains(violation, StringComparison.Ordinal));
    }

    [Fact]
    public void Parse_Nothing_IsAllStrategiesWithANewSeed()
    {
        var options = ChaosCommand.Parse([]);
        Assert.Equal(ChaosOptions.AllStrategies, options.Strategies);
        Assert.Equal(TimeSpan.FromMinutes(3), options.Duration);
    }

    [Fact]
    public void Parse_WhatTheCommandPrints_IsTheSameRun()
    {
        var options = ChaosCommand.Parse(["--minutes", "0.5", "--seed", "7", "--strategies", "raft,file", "--candidates", "5", "--network", "loopback", "--faults", "Killed,Reset"]);
        var again = ChaosCommand.Parse(options.Command.Split(' ')[2..]);
        Assert.Equal((options.Duration, options.Seed, options.Candidates, options.HasNetworks), (again.Duration, again.Seed, again.Candidates, again.HasNetworks));
        Assert.Equal(options.Strategies, again.Strategies);
        Assert.Equal(options.Faults, again.Faults);
    }

    [Theory]
    [InlineData("--minutes", "0")]
    [InlineData("--minutes", "x")]
    [InlineData("--seed", "x")]
    [InlineData("--strategies", "paper")]
    [InlineData("--faults", "Killed,Eaten")]
    [InlineData("--candidates", "2")]
    [InlineData("--network", "none")]
    [InlineData("--what", "1")]
    [InlineData("--seed")]
    public void Parse_WrongOption_SaysWhatIsWrong(params string[] args)
    {
        var error = Assert.Throws<ArgumentException>(() => ChaosCommand.Parse(args));
        Assert.Contains(args[0], error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Shots_OfTheSameSeed_AreTheSame()
    {
        ChaosAction[] actions = [new(ChaosFault.Killed, 3, (_, _) => Task.CompletedTask), new(ChaosFault.FrozenLong, 1, (_, _) => Task.CompletedTask)];
        var (one, other) = (new ChaosDeck(new Random(7), actions, TimeSpan.FromSeconds(3)), new ChaosDeck(new Random(7), actions, TimeSpan.FromSeconds(3)));
        var shots = Enumerable.Range(0, 100).Select(_ => one.Draw()).ToArray();
        Assert.All(shots, shot => Assert.Equal(shot, other.Draw()));
        Assert.Equal(2, shots.Take(2).Select(shot => shot.Action).Distinct().Count());
    }

    /// <summary>All strategies at once; a failure names the command that runs the same faults again.</summary>
    private async Task HoldsAsync(TimeSpan duration, int seed)
    {
        var options = new ChaosOptions(duration, seed, ChaosOptions.AllStrategies);
        var reports = await ChaosRunner.RunAsync(options, output.WriteLine);
        Assert.True(reports.All(r => r.Violations is []), string.Join(Environment.NewLine, reports.SelectMany(r => r.Violations).Append($"Run it again: {options.Command}")));
        Assert.All(reports, r => Assert.True(r is { Leaderships: > 0, Writes: > 0, Faults.Count: > 0 }, $"nothing happened on {r.Strategy}; run it again: {options.Command}"));
    }
}
