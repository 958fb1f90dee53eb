using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Specs;

/// <summary>The models of <c>specs/</c>: the correct ones hold, and each deliberate defect is found.</summary>
public sealed class ModelTests
{
    [Theory]
    [InlineData("drain")]
    [InlineData("raft-lease")]
    [InlineData("redis-majority")]
    [InlineData("zookeeper-evidence")]
    public async Task Model_Holds_AndEachDefectIsFound(string model)
    {
        await using var run = ChildProcess.Start("sh", [Path.Combine(BuildOutput.Repository, "specs", "run"), "--model", model]);
        var status = await run.WaitForExitAsync(TimeSpan.FromMinutes(5));
        Assert.True(status == 0, string.Join('\n', run.Lines.Select(l => l.Text)));
        Assert.Contains(run.Lines, l => l.Text.EndsWith("all as expected", StringComparison.Ordinal));
    }
}
