using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Trimming;

/// <summary>An ordinary worker without all that it does not use, compiled ahead of time where the feed has what that takes.</summary>
public sealed class PublishedWorker : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    internal string Program => _folder.File("LeaderElection.OrdinaryWorker");

    public async Task InitializeAsync()
    {
        var (exitCode, output) = await PublishAsync("PublishAot");
        // Company mirrors may have the compiler without its run time.
        if (exitCode != 0 && output.Contains("NU1101", StringComparison.Ordinal))
            (exitCode, output) = await PublishAsync("PublishTrimmed");
        Assert.True(exitCode == 0, output);
    }

    public Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }

    private async Task<(int ExitCode, string Output)> PublishAsync(string how)
    {
        var project = Path.Combine(BuildOutput.Repository, "benchmarks", "LeaderElection.OrdinaryWorker");
        await using var publish = ChildProcess.Start(
            "dotnet", ["publish", project, "-c", "Release", "--use-current-runtime", $"-p:{how}=true", "-v", "quiet", "-nologo", "--disable-build-servers", "-o", _folder.Path]);
        var exitCode = await publish.WaitForExitAsync(TimeSpan.FromMinutes(5));
        return (exitCode, string.Join('\n', publish.Lines.Select(l => l.Text)));
    }
}
