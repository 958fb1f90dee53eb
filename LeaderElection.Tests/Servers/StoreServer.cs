using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

/// <summary>A real server of a test, with its own data folder, which outlives the process.</summary>
public abstract class StoreServer : IAsyncDisposable
{
    private TemporaryFolder? _backup;

    private protected TemporaryFolder Data { get; } = new();

    private protected ChildProcess? Process { get; set; }

    /// <summary>Starts it, again too: with the data that it had. Returns once it serves.</summary>
    public abstract Task StartAsync();

    /// <summary>Ends it as a power cut would.</summary>
    public async Task KillAsync()
    {
        Process!.Kill();
        await Process.WaitForExitAsync();
        await Process.DisposeAsync();
        Process = null;
    }

    /// <summary>Copies its data; call it while it is down.</summary>
    public void BackUp()
    {
        _backup?.Dispose();
        _backup = new TemporaryFolder();
        Copy(Data.Path, _backup.Path);
    }

    /// <summary>Puts the copy in the place of its data; call it while it is down.</summary>
    public void Restore()
    {
        Forget();
        Copy(_backup!.Path, Data.Path);
    }

    /// <summary>Throws away what it wrote to disk; call it while it is down.</summary>
    public void Forget()
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries(Data.Path).ToArray())
        {
            if (Directory.Exists(entry))
                Directory.Delete(entry, recursive: true);
            else
                File.Delete(entry);
        }
    }

    public bool IsRunning => Process is not null;

    /// <summary>Stops it in its tracks; its connections stay open.</summary>
    public void Freeze() => Process!.Freeze();

    public void Continue() => Process!.Continue();

    public virtual async ValueTask DisposeAsync()
    {
        if (Process is not null)
            await Process.DisposeAsync();
        Data.Dispose();
        _backup?.Dispose();
    }

    private static void Copy(string from, string to)
    {
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }

    private protected static ChildProcess StartProcess(ServerHost host, string program, IEnumerable<string> arguments)
    {
        string[] command = [.. host.Command, program, .. arguments];
        return ChildProcess.Start(command[0], command[1..]);
    }

    /// <summary>Starts a new server; if that fails, nothing of it stays.</summary>
    private protected static async Task<T> StartedAsync<T>(T server) where T : StoreServer
    {
        try
        {
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until the server serves, or says what it printed if it has exited instead.</summary>
    private protected async Task ServesAsync(Func<Task<bool>> serves, string server)
    {
        var process = Process!;
        await Eventually.GetAsync(
            async () =>
            {
                if (!process.HasExited)
                    return await serves();
                await process.WaitForExitAsync();
                throw new InvalidOperationException($"{server} does not start. {process.Describe()}");
            },
            static yes => yes, $"{server} to serve");
    }

    /// <summary>Runs an operator's tool.</summary>
    /// <returns>What it prints on its standard output.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    private protected static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string?>>? environment = null)
    {
        await using var tool = ChildProcess.Start(program, arguments, environment);
        return await tool.WaitForExitAsync() == 0
            ? string.Join('\n', tool.StandardOutput)
            : throw new InvalidOperationException($"{program} failed. {tool.Describe()}");
    }
}
