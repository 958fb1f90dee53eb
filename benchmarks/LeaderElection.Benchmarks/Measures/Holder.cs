using System.Globalization;
using LeaderElection.Benchmarks.Peers;
using LeaderElection.Benchmarks.Stores;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>Our process with many elections.</summary>
internal sealed class Holder(ChildProcess process) : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private int _from;
    private int _begun;

    public ChildProcess Process => process;

    /// <summary>Starts one that is connected, and waits for its cue.</summary>
    public static Holder Start(string strategy, Seat seat, int elections) =>
        new(OurProcess.Start("hold", strategy, seat, "--on-demand", "--elections", $"{elections}"));

    public Task ReadyAsync() => process.WaitForLineAsync("READY", timeout: Limit);

    public Task SendAsync(string command) => process.WriteLineAsync(command);

    /// <summary>Has it campaign in all its elections.</summary>
    public Task CampaignAsync()
    {
        _begun = process.Lines.Count;
        return SendAsync("campaign");
    }

    /// <summary>Has it give all of them back.</summary>
    public async Task ReleaseAsync()
    {
        var from = process.Lines.Count;
        await SendAsync("release");
        await process.WaitForLineAsync("RELEASED", from, Limit);
    }

    /// <summary>Waits until all elections are won in which it campaigned last.</summary>
    /// <returns>Start, first and last, in nanoseconds of the wall clock.</returns>
    public async Task<(long Start, long First, long Last)> AllAsync() => (await MomentAsync("START"), await MomentAsync("FIRST"), await MomentAsync("LAST"));

    /// <summary>Waits for the next line with a word.</summary>
    public async Task<long> NextAsync(string word)
    {
        var line = await process.WaitForLineAsync(l => l.StartsWith(word + " ", StringComparison.Ordinal), word, _from, Limit);
        _from = process.Lines.ToList().IndexOf(line) + 1;
        return Moment(line);
    }

    /// <summary>After a collection.</summary>
    public async Task<(double Heap, double WorkingSet, int Threads)> MemoryAsync()
    {
        var from = process.Lines.Count;
        await SendAsync("memory");
        var cells = (await process.WaitForLineAsync("MEMORY ", from, Limit)).Text.Split(' ');
        return (Number(cells[1]), Number(cells[2]), (int)Number(cells[3]));
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();

    private async Task<long> MomentAsync(string word) =>
        Moment(await process.WaitForLineAsync(l => l.StartsWith(word + " ", StringComparison.Ordinal), word, _begun, Limit));

    private static long Moment(OutputLine line) => long.Parse(line.Text.Split(' ')[1], CultureInfo.InvariantCulture);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
