using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Aspire.Hosting.StandIn;

internal sealed class ChildProcess : IDisposable
{
    private const int SigTerm = 15;

    // How long the last of the output may take to arrive. A grandchild that lives on keeps the pipes open for ever.
    private static readonly TimeSpan OutputGrace = TimeSpan.FromMilliseconds(500);

    private readonly Process _process;
    private readonly Watchdog _watchdog;

    private ChildProcess(Process process, Watchdog watchdog, Task ended)
    {
        _process = process;
        _watchdog = watchdog;
        Id = process.Id;
        Exited = WaitAsync(ended);
    }

    public int Id { get; }

    public bool HasExited => Exited.IsCompleted;

    /// The exit code, once the process is gone and its output has been read.
    public Task<int> Exited { get; }

    public static ChildProcess Start(ProcessSpec spec, Watchdog watchdog, Action<string, bool> onOutput)
    {
        var start = new ProcessStartInfo(spec.FileName, spec.Arguments)
        {
            WorkingDirectory = spec.WorkingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };

        watchdog.Mark(start.Environment);
        foreach (var (name, value) in spec.Environment)
            start.Environment[name] = value;

        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Exited += (_, _) => ended.TrySetResult();
        process.OutputDataReceived += (_, e) => Forward(e.Data, isError: false);
        process.ErrorDataReceived += (_, e) => Forward(e.Data, isError: true);
        process.Start();
        watchdog.Add(process.Id);
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new(process, watchdog, ended.Task);

        void Forward(string? line, bool isError)
        {
            if (line is not null)
                onOutput(line, isError);
        }
    }

    /// Runs a program to its end; when that is no longer wanted, the program ends too.
    public static async Task<int> RunAsync(ProcessSpec spec, Watchdog watchdog, Action<string, bool> onOutput, CancellationToken cancellationToken)
    {
        using var process = Start(spec, watchdog, onOutput);
        try
        {
            return await process.Exited.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await process.StopAsync(OutputGrace);
            throw;
        }
    }

    /// Asks the process to end, and ends it, with its children, if it has not done so in time.
    public async Task StopAsync(TimeSpan grace)
    {
        if (!HasExited && !OperatingSystem.IsWindows())
            _ = Kill(Id, SigTerm);

        try
        {
            await Exited.WaitAsync(OperatingSystem.IsWindows() ? TimeSpan.Zero : grace, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            KillNow();
            await Exited;
        }
    }

    public void KillNow()
    {
        try
        {
            if (!HasExited)
                _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended meanwhile.
        }
    }

    public void Dispose() => _process.Dispose();

    private async Task<int> WaitAsync(Task ended)
    {
        await ended;
        _watchdog.Remove(Id);
        try
        {
            await _process.WaitForExitAsync().WaitAsync(OutputGrace, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            // What comes later is not shown.
        }

        return _process.ExitCode;
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int pid, int signal);
}
