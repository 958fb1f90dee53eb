namespace LeaderElection.Tests.App;

/// <summary>A scenario as a user runs it: the AppHost as a process, with board, replicas and their faults.</summary>
[Collection("App")]
public sealed class ScenarioCommandTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Scenario_OnEachElection_EndsByItselfWith0_AndLeavesNoProcess()
    {
        await using var run = AppHostRun.Start("--scenario", "leader-failure", "--strategies", "file,raft", "--replicas", "3", "--lease-duration", "2s");

        var exitCode = await run.Process.WaitForExitAsync(Patience);

        Assert.True(exitCode == 0, run.Process.Describe());
        Assert.Equal(2, run.Process.StandardOutput.Count(line => line == "  PASSED"));
        Assert.Contains("leader-failure: passed on 2 of 2", run.Process.StandardOutput);
        await run.WaitForEndAsync();
    }
}
