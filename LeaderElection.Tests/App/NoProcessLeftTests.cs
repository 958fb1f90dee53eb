using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.App;

[Collection("App")]
public sealed class NoProcessLeftTests
{
    private static readonly string[] Programs =
        ["LeaderElection.AppHost", "LeaderElection.Board", "LeaderElection.Worker", "redis-server", "/dcp", "Aspire.Dashboard"];

    [Theory]
    [InlineData("KILL")]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Signal_ToTheAppHost_LeavesNoProcessBehind(string signal)
    {
        if (!OperatingSystem.IsLinux())
            return;

        await using var run = AppHostRun.Start("--strategies", "file,redis", "--stores", "native", "--replicas", "1");
        await run.WaitForStartAsync();
        await Eventually.GetAsync(
            () => Task.FromResult(string.Join(Environment.NewLine, run.Processes.Select(ProcessTable.CommandLine))),
            all => Programs.All(program => all.Contains(program, StringComparison.Ordinal)),
            string.Join(", ", Programs),
            AppHostRun.StartLimit);

        switch (signal)
        {
            case "KILL": run.Process.Kill(); break;
            case "TERM": run.Process.Terminate(); break;
            default: run.Process.Interrupt(); break;
        }

        await run.WaitForEndAsync();
    }
}
