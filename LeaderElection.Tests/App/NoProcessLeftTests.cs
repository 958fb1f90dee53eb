using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.App;

[Collection("App")]
public sealed class NoProcessLeftTests : IDisposable
{
    // The first run fetches the dashboard.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly TemporaryFolder _data = new();

    public void Dispose() => _data.Dispose();

    [Theory]
    [InlineData("KILL")]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Signal_ToTheAppHost_LeavesNoChildBehind(string signal)
    {
        if (!OperatingSystem.IsLinux())
            return;

        await using var host = AppHostRun.Start(new Dictionary<string, string?>(), "--data-dir", _data.Path);
        await host.WaitForLineAsync("Distributed application started");
        await host.WaitForLineAsync("Login to the dashboard at http://localhost:", timeout: Patience);
        var children = ProcessTable.ChildrenOf(host.Id).ToList();
        var programs = children.Select(ProcessTable.CommandLine).ToList();
        Assert.True(children.Count >= 4, $"board, two workers and dashboard were expected, found {string.Join("; ", programs)}");
        Assert.Contains(programs, program => program.Contains("aspire-managed", StringComparison.Ordinal));

        switch (signal)
        {
            case "KILL": host.Kill(); break;
            case "TERM": host.Terminate(); break;
            default: host.Interrupt(); break;
        }

        await host.WaitForExitAsync();
        await Eventually.TrueAsync(() => !children.Any(ProcessTable.IsAlive), "the end of all children");
    }
}
