using System.Diagnostics;
using System.Threading.Channels;

namespace LeaderElection.Tests.App;

/// The AppHost as a process of its own, as a user starts it.
internal sealed class AppHostProcess : IDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _output = Channel.CreateUnbounded<string>();

    private AppHostProcess(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, e) => Add(e.Data);
        _process.ErrorDataReceived += (_, e) =>
        {
            if (e.Data is not null)
                lock (Errors)
                    Errors.Add(e.Data);
        };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        void Add(string? line)
        {
            if (line is null)
                _output.Writer.TryComplete();
            else
                _output.Writer.TryWrite(line);
        }
    }

    public int Id => _process.Id;

    public int ExitCode => _process.ExitCode;

    public List<string> Errors { get; } = [];

    public static AppHostProcess Start(params string[] args)
    {
        var host = typeof(Projects.LeaderElection_AppHost).Assembly.Location;
        return new(new Process
        {
            StartInfo = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", host, .. args])
            {
                WorkingDirectory = Path.GetDirectoryName(host)!,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        });
    }

    public async Task WaitForLineAsync(string start, CancellationToken cancellationToken)
    {
        await foreach (var line in _output.Reader.ReadAllAsync(cancellationToken))
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
                return;
        }

        throw new InvalidOperationException($"The AppHost ended before it said '{start}': {string.Join(Environment.NewLine, Errors)}");
    }

    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    public void Kill()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
    }

    public void Dispose() => _process.Dispose();
}
