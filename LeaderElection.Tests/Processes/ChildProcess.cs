using System.Diagnostics;
using System.Runtime.InteropServices;

namespace LeaderElection.Tests.Processes;

/// <summary>A real process of a test: its output is captured, signals are sent to it, and it is gone after the test.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Process _process;
    private readonly List<OutputLine> _lines = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(ProcessStartInfo start, bool keepsInput)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Captured(line.Data, isError: false);
        _process.ErrorDataReceived += (_, line) => Captured(line.Data, isError: true);
        _process.Start();
        Id = _process.Id;
        if (!keepsInput)
            _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id { get; }

    public bool HasExited => _process.HasExited;

    /// <summary>What it has printed so far.</summary>
    public IReadOnlyList<OutputLine> Lines
    {
        get { lock (_lock) return [.. _lines]; }
    }

    /// <summary>What it has printed so far, without the first lines.</summary>
    public IReadOnlyList<OutputLine> LinesFrom(int index)
    {
        lock (_lock) return _lines[index..];
    }

    public IEnumerable<string> StandardOutput => Lines.Where(l => !l.IsError).Select(l => l.Text);

    public IEnumerable<string> StandardError => Lines.Where(l => l.IsError).Select(l => l.Text);

    /// <summary>Starts a program.</summary>
    /// <param name="environment">Variables to set, or with <see langword="null"/> to take away.</param>
    /// <param name="keepsInput">Whether <see cref="WriteLineAsync"/> will be used; otherwise its input is at its end from the start.</param>
    public static ChildProcess Start(
        string fileName, IEnumerable<string> arguments,
        IEnumerable<KeyValuePair<string, string?>>? environment = null, string? workingDirectory = null, bool keepsInput = false)
    {
        var start = new ProcessStartInfo(fileName, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? Path.GetTempPath(),
        };
        foreach (var (name, value) in environment ?? [])
            start.Environment[name] = value;
        return new ChildProcess(start, keepsInput);
    }

    /// <summary>Starts a program of this repository from its own build output, as <c>dotnet PROJECT.dll</c>.</summary>
    public static ChildProcess StartProject(
        string project, IEnumerable<string> arguments,
        IEnumerable<KeyValuePair<string, string?>>? environment = null, string? workingDirectory = null, bool keepsInput = false) =>
        Start(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet",
            [BuildOutput.Of(project), .. arguments], environment, workingDirectory, keepsInput);

    /// <summary>Waits for a line that contains the text, among those printed already too.</summary>
    /// <param name="from">How many lines to leave out: those printed before the moment of interest.</param>
    public Task<OutputLine> WaitForLineAsync(string text, int from = 0, TimeSpan? timeout = null) =>
        WaitForLineAsync(line => line.Contains(text, StringComparison.Ordinal), $"a line with \"{text}\"", from, timeout);

    /// <summary>Waits for a line, among those printed already too.</summary>
    public async Task<OutputLine> WaitForLineAsync(Func<string, bool> matches, string what, int from = 0, TimeSpan? timeout = null)
    {
        using var late = new CancellationTokenSource(timeout ?? Eventually.Limit, TimeProvider.System);
        while (true)
        {
            Task news;
            lock (_lock)
            {
                for (; from < _lines.Count; from++)
                {
                    if (matches(_lines[from].Text))
                        return _lines[from];
                }
                news = _news.Task;
            }
            // Also when it exits: then the line will never come.
            await Task.WhenAny(news, _process.WaitForExitAsync(late.Token));
            if (!news.IsCompleted)
                throw new TimeoutException($"Process {Id} did not print {what}. {Describe()}");
        }
    }

    /// <summary>Waits until it has exited and its output is complete.</summary>
    /// <returns>Its exit code; 128 + signal number if a signal ended it.</returns>
    public async Task<int> WaitForExitAsync(TimeSpan? timeout = null)
    {
        using var late = new CancellationTokenSource(timeout ?? Eventually.Limit, TimeProvider.System);
        try
        {
            await _process.WaitForExitAsync(late.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"Process {Id} did not exit in time. {Describe()}", e);
        }
    }

    /// <summary>Writes a line to its standard input.</summary>
    public async Task WriteLineAsync(string line)
    {
        await _process.StandardInput.WriteAsync(line + "\n");
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>SIGKILL: it dies without a chance to do anything.</summary>
    public void Kill() => Send(9);

    /// <summary>SIGTERM: the request to stop.</summary>
    public void Terminate() => Send(15);

    /// <summary>SIGINT: Ctrl+C.</summary>
    public void Interrupt() => Send(2);

    /// <summary>SIGSTOP: frozen, until <see cref="Continue"/>.</summary>
    public void Freeze() => Send(OperatingSystem.IsLinux() ? 19 : 17);

    /// <summary>SIGCONT: thawed.</summary>
    public void Continue() => Send(OperatingSystem.IsLinux() ? 18 : 19);

    /// <summary>Everything it printed, for the message of a failing test.</summary>
    public string Describe()
    {
        var state = _process.HasExited ? $"It has exited with {_process.ExitCode}." : "It is running.";
        return $"{state} It printed:{Environment.NewLine}{string.Join(Environment.NewLine, Lines.Select(l => l.Text))}";
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private void Send(int signal)
    {
        // Once reaped, the number may be another process's: ask first.
        if (!_process.HasExited && SendSignal(Id, signal) != 0)
            throw new InvalidOperationException($"Signal {signal} could not be sent to process {Id}: error {Marshal.GetLastPInvokeError()}.");
    }

    private void Captured(string? text, bool isError)
    {
        if (text is null)
            return;
        TaskCompletionSource news;
        lock (_lock)
        {
            _lines.Add(new OutputLine(text, isError, TimeProvider.System.GetTimestamp()));
            news = _news;
            _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        news.SetResult();
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendSignal(int processId, int signal);
}
