using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Interop;

/// <summary>A candidate, or with <see cref="Listen"/> an observer, in another language: etcd's own tool, by its concurrency package.</summary>
/// <remarks>Its lease is 60 seconds; killed, it holds the election that long.</remarks>
internal sealed class EtcdctlElect : IAsyncDisposable
{
    private EtcdctlElect(ChildProcess process) => Process = process;

    public ChildProcess Process { get; }

    /// <summary>What it has printed: for a candidate its key and its value, once it leads; for an observer the same of each leader.</summary>
    public IReadOnlyList<string> Lines => [.. Process.StandardOutput];

    /// <summary>Starts a candidate of the election, with a value to announce.</summary>
    public static EtcdctlElect Campaign(EtcdServer server, string election, string value) => Start(server, election, value);

    /// <summary>Starts an observer, which prints two lines, key and value, for each leader and each change of its value.</summary>
    public static EtcdctlElect Listen(EtcdServer server, string election) => Start(server, "--listen", election);

    /// <summary>Waits until it prints this value: as a candidate, that it leads with it; as an observer, that it has seen it lead.</summary>
    /// <returns>The leader's key.</returns>
    public async Task<string> LeadsAsync(string value, int fromLine = 0, TimeSpan? timeout = null)
    {
        await Process.WaitForLineAsync(line => line == value, $"the line \"{value}\"", fromLine, timeout);
        var lines = Lines;
        return lines[lines.ToList().IndexOf(value, fromLine) - 1];
    }

    /// <summary>SIGINT, as Ctrl+C: a leader resigns.</summary>
    /// <returns>Its exit code: 0 if it led.</returns>
    public Task<int> InterruptAsync()
    {
        Process.Interrupt();
        return Process.WaitForExitAsync();
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private static EtcdctlElect Start(EtcdServer server, params string[] arguments) =>
        new(ChildProcess.Start("etcdctl", [.. server.CtlArguments, "elect", .. arguments], EtcdServer.CtlEnvironment));
}
