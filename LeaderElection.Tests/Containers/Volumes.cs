using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Containers;

/// <summary>The volumes of a test: known by a part of their names that is its own, and gone afterwards.</summary>
internal sealed class Volumes : IAsyncDisposable
{
    /// <summary>The part of their names that is this test's own.</summary>
    public string Id { get; } = $"{Guid.NewGuid():N}";

    /// <summary>Waits for the containers that still use them: the orchestrator removes these a little later than it says.</summary>
    public async ValueTask DisposeAsync()
    {
        if (await RunAsync("volume", "ls", "--quiet", "--filter", $"name={Id}") is (0, { Length: > 0 } names))
            await Eventually.GetAsync(() => RunAsync(["volume", "rm", "--force", .. names]), removed => removed.ExitCode == 0, $"the end of the volumes {string.Join(", ", names)}");
    }

    private static async Task<(int ExitCode, string[] Lines)> RunAsync(params string[] arguments)
    {
        await using var command = ChildProcess.Start(ContainerFactAttribute.Runtime.Command, arguments);
        var exitCode = await command.WaitForExitAsync();
        return (exitCode, [.. command.StandardOutput.Where(line => line.Length > 0)]);
    }
}
