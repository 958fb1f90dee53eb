using System.Diagnostics.Metrics;
using LeaderElection.Telemetry;

namespace LeaderElection.Raft.Transport;

/// <summary>Counts what was turned away, and says so once for each source and reason, not once for each attempt.</summary>
internal sealed class Refusals(Action<string> log)
{
    private const int MostLines = 100;

    private static readonly Meter Meter = new(ElectionTelemetry.Name);

    private static readonly Counter<long> Counter = Meter.CreateCounter<long>(
        "leader_election.raft.refused", "{refusal}", "Connections and members that were turned away, by reason.");

    private readonly HashSet<(string Source, RefusalReason Reason)> _told = [];

    public void Add(string source, RefusalReason reason, string message)
    {
        Counter.Add(1, new KeyValuePair<string, object?>("election.refusal.reason", reason.ToString().ToLowerInvariant()));
        lock (_told)
        {
            // Strangers could fill the log otherwise.
            if (_told.Count >= MostLines || !_told.Add((source, reason)))
                return;
        }
        log($"{source}: {message}");
    }

    /// <summary>It was let in; what comes next is news again.</summary>
    public void Forget(string source)
    {
        lock (_told) _told.RemoveWhere(t => t.Source == source);
    }
}
