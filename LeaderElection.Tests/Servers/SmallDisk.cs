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

    /// <summary>
    /// Makes a folder read-only until disposed of, by a mount over it. The file system itself cannot be made so while
    /// files are open for writing; here these can still be written to.
    /// </summary>
    public static async Task<IAsyncDisposable> MakeReadOnlyAsync(string folder)
    {
        Assert.Equal(0, await RunAsync("mount", "--bind", "-o", "ro", folder, folder));
        return new ReadOnly(folder);
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

    private sealed class ReadOnly(string folder) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => Assert.Equal(0, await RunAsync("umount", "--lazy", folder));
    }
}
