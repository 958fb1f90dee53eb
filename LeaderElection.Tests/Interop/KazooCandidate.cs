using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Interop;

/// <summary>A candidate in another language: Python's kazoo, by its Election recipe. It campaigns from the start.</summary>
internal sealed class KazooCandidate : IAsyncDisposable
{
    /// <summary>The system's Python: the distribution's kazoo is installed for that one.</summary>
    public const string Python = "/usr/bin/python3";

    private int _campaignsFrom;

    private KazooCandidate(ChildProcess process) => Process = process;

    public ChildProcess Process { get; }

    public static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Interop", name);

    /// <summary>Starts one, and waits until it is connected and campaigns.</summary>
    /// <param name="servers">HOST:PORT, with commas between them.</param>
    public static async Task<KazooCandidate> StartAsync(string servers, string path, string identifier, double sessionSeconds = 4)
    {
        var candidate = new KazooCandidate(ChildProcess.Start(
            Python, [Script("kazoo_candidate.py"), servers, path, identifier, FormattableString.Invariant($"{sessionSeconds}")], keepsInput: true));
        try
        {
            await candidate.Process.WaitForLineAsync("CAMPAIGNS");
            return candidate;
        }
        catch
        {
            await candidate.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until it leads in its current campaign.</summary>
    public Task LeadsAsync(TimeSpan? timeout = null) => Process.WaitForLineAsync("LEADER", _campaignsFrom, timeout);

    /// <summary>Whether it has led in its current campaign.</summary>
    public bool HasLed => Process.Lines.Skip(_campaignsFrom).Any(l => l.Text == "LEADER");

    /// <summary>Stands down, or stops waiting; returns once it has.</summary>
    public async Task ResignAsync()
    {
        var from = Process.Lines.Count;
        await Process.WriteLineAsync("resign");
        await Process.WaitForLineAsync(static line => line is "RESIGNED" or "CANCELLED", "that it resigned", from);
    }

    /// <summary>Campaigns again after it resigned.</summary>
    public Task CampaignAsync()
    {
        _campaignsFrom = Process.Lines.Count;
        return Process.WriteLineAsync("campaign");
    }

    /// <summary>The identifiers of all candidates that kazoo sees, the leader first.</summary>
    public async Task<string[]> ContendersAsync()
    {
        const string Answer = "CONTENDERS ";
        var from = Process.Lines.Count;
        await Process.WriteLineAsync("contenders");
        var line = await Process.WaitForLineAsync(Answer, from);
        return line.Text[Answer.Length..].Split(',', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Closes its session and ends.</summary>
    public async Task QuitAsync()
    {
        await Process.WriteLineAsync("quit");
        await Process.WaitForExitAsync();
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
