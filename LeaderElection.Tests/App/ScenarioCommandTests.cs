using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.App;

/// <summary>A scenario as a user runs it: the AppHost as a process, with board, replicas and their faults.</summary>
[Collection("App")]
public sealed class ScenarioCommandTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TemporaryFolder _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Scenario_OnEachElection_EndsByItselfWith0_AndLeavesNoProcess()
    {
        await using var host = ChildProcess.StartProject(
            "LeaderElection.AppHost",
            ["--scenario", "leader-failure", "--strategies", "file,raft", "--replicas", "3", "--lease-duration", "2s", "--board-port", "0", "--data-dir", _data.Path],
            [
                new("DOTNET_ENVIRONMENT", "Development"),
                new("ASPNETCORE_ENVIRONMENT", "Development"),
                new("ASPNETCORE_URLS", $"http://localhost:{FreePort.Next()}"),
                new("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", $"http://localhost:{FreePort.Next()}"),
                new("ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", $"http://localhost:{FreePort.Next()}"),
                new("ASPIRE_ALLOW_UNSECURED_TRANSPORT", "true"),
            ],
            Path.GetDirectoryName(BuildOutput.Of("LeaderElection.AppHost")));
        await host.WaitForLineAsync("leader-failure on raft-demo (raft)", timeout: Patience);
        var children = OperatingSystem.IsLinux() ? ProcessTable.ChildrenOf(host.Id).ToList() : [];

        var exitCode = await host.WaitForExitAsync(Patience);
        Assert.True(exitCode == 0, host.Describe());

        Assert.Equal(2, host.StandardOutput.Count(line => line == "  PASSED"));
        Assert.Contains("leader-failure: passed on 2 of 2", host.StandardOutput);
        await Eventually.TrueAsync(() => !children.Any(ProcessTable.IsAlive), "the end of all children");
    }
}
