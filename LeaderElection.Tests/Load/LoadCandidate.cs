using System.Globalization;
using LeaderElection.Tests.History;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Load;

/// <summary>A process of <see cref="ManyElections"/>, and what it told. Not thread-safe.</summary>
internal sealed class LoadCandidate : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Dictionary<int, HeldTerm> _open = [];
    private readonly List<HeldTerm> _terms = [];
    private readonly List<string> _failures = [];
    private int _read;
    private bool _isKilled;

    private LoadCandidate(string name, ChildProcess process) => (Name, Process) = (name, process);

    public string Name { get; }

    public ChildProcess Process { get; }

    public bool IsFrozen { get; private set; }

    /// <summary>Every leadership that it had, oldest first.</summary>
    public IReadOnlyList<HeldTerm> Terms => _terms;

    /// <summary>How many elections it leads now.</summary>
    public int Leads => _isKilled ? 0 : _open.Count;

    /// <summary>What nobody saw, or that it ended by itself.</summary>
    public IEnumerable<string> Failures => Process.HasExited && !_isKilled ? _failures.Append($"{Name} has ended by itself: {string.Join(' ', Process.StandardError.TakeLast(5))}") : _failures;

    public static async Task<LoadCandidate> StartAsync(string strategy, string endpoint, string name, TimeSpan lease, int elections, TimeSpan? longestTerm = null)
    {
        var process = ChildProcess.Start(
            "dotnet",
            [
                typeof(LoadCandidate).Assembly.Location, ManyElections.Command, strategy, endpoint, name,
                .. new[] { lease.TotalMilliseconds, elections, (longestTerm ?? TimeSpan.Zero).TotalMilliseconds }.Select(n => n.ToString(CultureInfo.InvariantCulture)),
            ],
            // One heap, collected in the foreground, and one arena of the C library, which would spread what the compiler and the
            // collections take for a moment over eight for each processor: what is measured is then what is needed.
            [new("DOTNET_gcServer", "0"), new("DOTNET_gcConcurrent", "0"), new("MALLOC_ARENA_MAX", "1")], keepsInput: true);
        await process.WaitForLineAsync("ready", timeout: Patience);
        return new LoadCandidate(name, process);
    }

    /// <summary>Takes in what it has printed since the last time.</summary>
    public void Read()
    {
        var lines = Process.LinesFrom(_read);
        _read += lines.Count;
        foreach (var line in lines.Where(l => !l.IsError))
        {
            switch (line.Text.Split(' '))
            {
                case ["elected", var election, var token, var at]:
                    var term = new HeldTerm(int.Parse(election), Name, Number(token), Number(at));
                    _open[term.Election] = term;
                    _terms.Add(term);
                    break;
                case ["lost", var election, var token, var at] when _open.TryGetValue(int.Parse(election), out var over) && over.Token == Number(token):
                    over.Ended = Math.Max(Number(at), over.From);
                    _open.Remove(over.Election);
                    break;
                case ["believes", _, var until]:
                    foreach (var held in _open.Values)
                        held.Believes = Math.Max(held.Believes, Number(until));
                    break;
                case ["failed", ..]:
                    _failures.Add($"{Name}: {line.Text}");
                    break;
            }
        }
    }

    public async Task<Measurement> MeasureAsync()
    {
        var from = Process.Lines.Count;
        await Process.WriteLineAsync("measure");
        return Measurement.Parse((await Process.WaitForLineAsync(Measurement.Prefix, from, Patience)).Text);
    }

    /// <summary>SIGKILL.</summary>
    /// <returns>When.</returns>
    public async Task<long> KillAsync()
    {
        // Before, not after: another may lead sooner than the death is seen here.
        var at = HistoryEvent.Now;
        _isKilled = true;
        Process.Kill();
        await Process.WaitForExitAsync();
        Read();
        foreach (var term in _open.Values)
            term.Ended = Math.Max(at, term.From);
        return at;
    }

    /// <summary>SIGSTOP.</summary>
    /// <returns>When.</returns>
    public long Freeze()
    {
        var at = HistoryEvent.Now;
        Process.Freeze();
        IsFrozen = true;
        return at;
    }

    /// <summary>SIGCONT.</summary>
    /// <returns>When.</returns>
    public long Continue()
    {
        IsFrozen = false;
        Process.Continue();
        return HistoryEvent.Now;
    }

    /// <summary>Has it resign from everything, and end.</summary>
    /// <returns>What it took at its end.</returns>
    public async Task<Measurement> EndAsync()
    {
        var from = Process.Lines.Count;
        await Process.WriteLineAsync("end");
        var last = Measurement.Parse((await Process.WaitForLineAsync(Measurement.Prefix, from, Patience)).Text);
        await Process.WaitForExitAsync();
        Read();
        _isKilled = true;
        return last;
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
