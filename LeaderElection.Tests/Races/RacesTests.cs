using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Races;

/// <summary>Disposal in the middle of everything, in orders that seeds decide; <c>./test --races</c> has more of them.</summary>
public sealed class RacesTests
{
    /// <summary>In all, for a process of its own: it counts descriptors, and what nobody observes.</summary>
    private const string Minutes = "0.2";

    [Fact]
    public async Task Dispose_BeforeAnyStep_EndsAndLeavesNothing()
    {
        await using var run = ChildProcess.Start(
            "dotnet", [typeof(RacesTests).Assembly.Location, RacesCommand.Name, "--strategies", string.Join(',', RaceRun.Engines), "--minutes", Minutes],
            RacesCommand.Environment);
        await run.WaitForLineAsync("all of it held", timeout: TimeSpan.FromMinutes(2));
        var output = string.Join(Environment.NewLine, run.Lines.Select(l => l.Text));
        Assert.True(output.Contains("all of it held", StringComparison.Ordinal) && !output.Contains("not all", StringComparison.Ordinal), output);
    }

    [Fact]
    public void Run_CodeThatHangs_IsTold()
    {
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.StartsWith("hangs", new StepScheduler(1, new VirtualTime()).Run(async () => await never.Task), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_LostUpdate_IsFound()
    {
        // Each of two reads, waits, and writes: only one order in which one follows the other is right.
        var lost = Enumerable.Range(1, 50).Count(seed =>
        {
            var value = 0;
            Assert.Null(new StepScheduler(seed, new VirtualTime()).Run(() => Task.WhenAll(AddAsync(), AddAsync())));
            return value != 2;

            async Task AddAsync()
            {
                await Task.Yield();
                var read = value;
                await Task.Yield();
                value = read + 1;
            }
        });
        Assert.InRange(lost, 1, 49);
    }

    [Theory]
    [InlineData("--minutes", "0")]
    [InlineData("--strategies", "paper")]
    [InlineData("--seed", "none")]
    public void Parse_WrongOption_SaysWhatIsWrong(params string[] args) =>
        Assert.Contains(args[0], Assert.Throws<ArgumentException>(() => RacesCommand.Parse(args)).Message, StringComparison.Ordinal);
}
