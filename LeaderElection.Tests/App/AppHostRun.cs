using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.App;

/// <summary>The AppHost as a process of its own, as a user starts it, with all that it starts, on a folder of its own.</summary>
internal sealed class AppHostRun : IAsyncDisposable
{
    /// <summary>How long a test waits for an application that starts; a busy machine takes its time.</summary>
    public static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    /// <summary>Within that time nothing of the application is left after the AppHost was told to end, or was killed.</summary>
    public static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(15);

    private readonly TemporaryFolder _folder = new();

    private AppHostRun(string[] args)
    {
        var host = BuildOutput.Of("LeaderElection.AppHost");
        // A job that a shell started in its background ignores Ctrl+C, and so would its children.
        Process = ChildProcess.Start(
            "env",
            ["--default-signal=INT", "dotnet", host, "--board-port", "0", "--data-dir", _folder.Path, .. args],
            // What the launch profile "http" sets, on free ports.
            [
                new("DOTNET_ENVIRONMENT", "Development"),
                new("ASPNETCORE_ENVIRONMENT", "Development"),
                new("ASPNETCORE_URLS", $"http://localhost:{FreePort.Next()}"),
                new("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", $"http://localhost:{FreePort.Next()}"),
                new("ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", $"http://localhost:{FreePort.Next()}"),
                new("ASPIRE_ALLOW_UNSECURED_TRANSPORT", "true"),
                // Every process inherits it, and is found by it: the orchestrator and what it starts are no children of the AppHost.
                new("LEADER_ELECTION_TEST_FOLDER", _folder.Path),
            ],
            Path.GetDirectoryName(host));
    }

    public ChildProcess Process { get; }

    /// <summary>The AppHost and all that it has started. Linux only.</summary>
    public IReadOnlyList<int> Processes => ProcessTable.Mentioning(_folder.Path);

    /// <summary>Starts the AppHost, with these arguments besides those that a test always needs.</summary>
    public static AppHostRun Start(params string[] args) => new(args);

    /// <summary>Waits until the AppHost has said who leads and where its pages are, the last lines of its start.</summary>
    public Task WaitForStartAsync() => Process.WaitForLineAsync("  Board ", timeout: StartLimit);

    /// <summary>Waits until nothing is left of the application.</summary>
    public async Task WaitForEndAsync()
    {
        if (!OperatingSystem.IsLinux())
            return;
        await Eventually.GetAsync(
            () => Task.FromResult(string.Join("; ", Processes.Select(ProcessTable.CommandLine))), left => left.Length == 0, "the end of all processes", EndLimit);
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        await WaitForEndAsync();
        _folder.Dispose();
    }
}
