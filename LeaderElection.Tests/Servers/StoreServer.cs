using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

/// <summary>A real server of a test, with its own data folder, which outlives the process.</summary>
public abstract class StoreServer : IAsyncDisposable
{
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

    public bool IsRunning => Process is not null;

    /// <summary>Stops it in its tracks; its connections stay open.</summary>
    public void Freeze() => Process!.Freeze();

    public void Continue() => Process!.Continue();

    public virtual async ValueTask DisposeAsync()
    {
        if (Process is not null)
            await Process.DisposeAsync();
        Data.Dispose();
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
