using System.Globalization;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Peers;

/// <summary>hashicorp/raft: three nodes in one process, which measures itself; each round is a run of its own.</summary>
internal sealed class HashicorpRaft(string program)
{
    private const string Median = "median=";

    public const string Name = "hashicorp/raft";

    /// <param name="timeout">Heartbeat and election timeout; its leader lease is half of that.</param>
    /// <returns>Until another node leads, in ms.</returns>
    public async Task<double> RoundAsync(TimeSpan timeout, bool isTransfer)
    {
        var ms = (int)timeout.TotalMilliseconds;
        await using var process = ChildProcess.Start(program, [$"{ms},{ms},{ms / 2}", "1", .. isTransfer ? ["transfer"] : Array.Empty<string>()]);
        var line = await process.WaitForLineAsync(Median, timeout: TimeSpan.FromMinutes(1) + (20 * timeout));
        return double.Parse(line.Text.Split(Median)[1].Split(' ')[0], CultureInfo.InvariantCulture);
    }
}
