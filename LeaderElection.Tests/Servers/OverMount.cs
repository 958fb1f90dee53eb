using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

/// <summary>A folder seen a second time through a file system over it, which shows its files but does not pass locks on: an overlay, as FUSE's file systems are.</summary>
internal sealed class OverMount : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Where it is seen.</summary>
    public string Path => _folder.File("seen");

    public static async Task<OverMount> MountAsync(string folder)
    {
        var mount = new OverMount();
        // The working folder of an overlay must be on the file system of the folder.
        var work = folder + ".work";
        foreach (var path in new[] { mount.Path, mount._folder.File("empty"), work })
            Directory.CreateDirectory(path);
        await using var process = ChildProcess.Start(
            "mount", ["-t", "overlay", "-o", $"lowerdir={mount._folder.File("empty")},upperdir={folder},workdir={work}", "overlay", mount.Path]);
        Assert.Equal(0, await process.WaitForExitAsync());
        return mount;
    }

    public async ValueTask DisposeAsync()
    {
        await using var process = ChildProcess.Start("umount", ["--lazy", Path]);
        await process.WaitForExitAsync();
        _folder.Dispose();
    }
}
