using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

/// <summary>A file system of a test's own, small enough to fill.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Whether this machine and user may mount one.</summary>
    public static bool IsPossible { get; } = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && TryMount();

    public string Path => _folder.Path;

    public static async Task<SmallDisk> MountAsync(string options)
    {
        var disk = new SmallDisk();
        Assert.Equal(0, await RunAsync("mount", "-t", "tmpfs", "-o", options, "tmpfs", disk.Path));
        return disk;
    }

    /// <summary>Writes a file until nothing more fits.</summary>
    public async Task FillAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
                file.Write(new byte[1024]);
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("umount", "--lazy", Path);
        _folder.Dispose();
    }

    private static bool TryMount()
    {
        using var folder = new TemporaryFolder();
        if (RunAsync("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.Path).GetAwaiter().GetResult() != 0)
            return false;
        RunAsync("umount", folder.Path).GetAwaiter().GetResult();
        return true;
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        await using var process = ChildProcess.Start(program, arguments);
        return await process.WaitForExitAsync();
    }
}
