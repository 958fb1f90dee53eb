namespace LeaderElection.Tests.Raft;

/// <summary>A million runs by hand: <c>dotnet run -c Release --project LeaderElection.Tests -- simulate 1000000</c>.</summary>
public sealed class SimulationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1001)]
    [InlineData(2001)]
    public void EveryInvariant_InAThousandRuns_Holds(int firstSeed)
    {
        var failure = Simulator.Run(firstSeed, 1000);
        Assert.True(failure is null, failure);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void EveryInvariant_WithHundredsOfElections_Holds(int seed)
    {
        var violation = new Simulation(Scenario.Create(seed) with { Elections = 300 }).Run();
        Assert.True(violation is null, violation?.ToString());
    }

    [Fact]
    public void Run_OfTheSameSeed_IsTheSameToTheLastMessage()
    {
        List<string> first = [], second = [];
        new Simulation(Scenario.Create(7), first.Add).Run();
        new Simulation(Scenario.Create(7), second.Add).Run();
        Assert.NotEmpty(first);
        Assert.Equal(first, second);
    }

    [Fact]
    public void Run_OfABrokenCluster_NamesTheSeedTheViolationAndTheCommandThatReplaysIt()
    {
        var failure = Simulator.Run(1, 3000, Defect.LongLease);
        Assert.Matches(@"^seed (\d+) violates I1 at .*\nshrunk to \d+ of \d+ faults: I1 (.*\n)+replay: dotnet run -c Release --project LeaderElection.Tests -- replay \1 LongLease$", failure);
    }

    [Theory]
    [InlineData(nameof(Defect.VotesTwice), "one leader a term")]
    [InlineData(nameof(Defect.ForgetsVotes), "one leader a term")]
    [InlineData(nameof(Defect.LongLease), "I1")]
    [InlineData(nameof(Defect.VotesAfterRestart), "I1")]
    [InlineData(nameof(Defect.WildClocks), "I1")]
    [InlineData(nameof(Defect.TakesResetForDeath), "I1")]
    [InlineData(nameof(Defect.AnswersBeforeTheDisk), "one leader a term")]
    [InlineData(nameof(Defect.HidesRefusals), "I1")]
    [InlineData(nameof(Defect.AcknowledgesBlindly), "I1")]
    [InlineData(nameof(Defect.TakesAnEmptyDiskForMemory), "one leader a term")]
    [InlineData(nameof(Defect.TellsNoTerms), "one leader a term")]
    [InlineData(nameof(Defect.IgnoresWriteErrors), "one leader a term")]
    public void Defect_IsCaughtShrunkAndReplayable(string name, string invariant)
    {
        var defect = Enum.Parse<Defect>(name);
        var caught = Enumerable.Range(1, 3000)
            .Select(seed => Scenario.Create(seed, defect))
            .Select(scenario => (scenario, violation: new Simulation(scenario).Run()))
            .First(run => run.violation?.Invariant == invariant);

        Assert.Equal(caught.violation, new Simulation(caught.scenario).Run());
        var shrunk = caught.scenario.Shrink(invariant);
        Assert.Equal(invariant, new Simulation(shrunk).Run()?.Invariant);
        Assert.True(shrunk.Faults.Length <= caught.scenario.Faults.Length);
        Assert.Null(new Simulation(shrunk with { Defect = Defect.None }).Run());
    }
}
