using System.Globalization;
using System.Text.RegularExpressions;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Peers;

/// <summary>A peer's process with many elections.</summary>
internal sealed partial class ManyPeerProcess(ChildProcess process) : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public ChildProcess Process => process;

    /// <returns>How long it took to win all, in ms.</returns>
    public async Task<double> AcquiredAsync() =>
        double.Parse(Took().Match((await process.WaitForLineAsync("ACQUIRED ", timeout: Limit)).Text).Groups[1].Value, CultureInfo.InvariantCulture);

    public Task ReadyAsync() => process.WaitForLineAsync("READY", timeout: Limit);

    /// <returns>When it won the first and the last of all, in nanoseconds.</returns>
    public async Task<(long First, long Last)> AllAsync()
    {
        var cells = (await process.WaitForLineAsync("ALL ", timeout: Limit)).Text.Split(' ');
        return (long.Parse(cells[1], CultureInfo.InvariantCulture), long.Parse(cells[2], CultureInfo.InvariantCulture));
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();

    // "ACQUIRED 112 rss …", or "ACQUIRED n=1000 in 182.1 ms …".
    [GeneratedRegex(@"ACQUIRED (?:n=\d+ in )?([\d.]+)")]
    private static partial Regex Took();
}
