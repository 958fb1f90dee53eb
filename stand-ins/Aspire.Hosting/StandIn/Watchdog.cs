using System.Diagnostics;

namespace Aspire.Hosting.StandIn;

/// A shell that outlives this process by a moment. It reads the ids of our children from a pipe; when the pipe ends,
/// because we ended in whatever way, it ends those that are left. So even SIGKILL of the AppHost leaves nothing behind.
/// On Windows there is none, and only an orderly end stops the children.
internal sealed class Watchdog : IDisposable
{
    private const string MarkName = "ASPIRE_STANDIN_RUN";

    // Second look: whatever still carries our mark in its environment, such as a child started at the very last moment
    // or a child's child. Linux only; elsewhere the list of ids is all there is.
    private const string Script = """
        trap '' INT TERM HUP
        pids=' '
        while read -r op pid; do
          case $op in
            +) pids="$pids$pid " ;;
            -) pids="${pids%% $pid *} ${pids#* $pid }" ;;
          esac
        done
        marked() {
          grep -lz "^ASPIRE_STANDIN_RUN=$1\$" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ pid _; do
            [ "$pid" = $$ ] || echo "$pid"
          done
        }
        left=$(for pid in $pids $(marked "$1"); do kill -TERM "$pid" 2>/dev/null && echo "$pid"; done)
        tries=0
        while [ -n "$left" ] && [ $tries -lt 30 ]; do
          sleep 0.1
          tries=$((tries + 1))
          left=$(for pid in $left; do kill -0 "$pid" 2>/dev/null && echo "$pid"; done)
        done
        for pid in $left $(marked "$1"); do kill -KILL "$pid" 2>/dev/null; done
        """;

    private readonly string _mark = Guid.NewGuid().ToString("N");
    private readonly Process? _shell;
    private readonly Lock _lock = new();

    public Watchdog()
    {
        if (OperatingSystem.IsWindows())
            return;

        _shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Script, "watchdog", _mark])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        });
    }

    public void Mark(IDictionary<string, string?> environment) => environment[MarkName] = _mark;

    public void Add(int pid) => Write($"+ {pid}");

    public void Remove(int pid) => Write($"- {pid}");

    public void Dispose()
    {
        if (_shell is null)
            return;

        lock (_lock)
        {
            try
            {
                _shell.StandardInput.Close();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // It is gone already, or this is the second call.
            }
        }

        _shell.Dispose();
    }

    private void Write(string line)
    {
        if (_shell is null)
            return;

        lock (_lock)
        {
            try
            {
                _shell.StandardInput.WriteLine(line);
                _shell.StandardInput.Flush();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // Someone ended the watchdog: the application can run on without it.
            }
        }
    }
}
