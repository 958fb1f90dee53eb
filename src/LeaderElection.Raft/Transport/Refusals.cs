using System.Diagnostics.Metrics;
using LeaderElection.Telemetry;

namespace LeaderElection.Raft.Transport;

/// <summary>Counts what was turned away, and says so once an hour for each source and reason, not once for each attempt.</summary>
internal sealed class Refusals(Action<string> log, TimeProvider time)
{
    /// <summary>Strangers could fill the log otherwise. What members do is always told: there are few.</summary>
    private const int MostStrangers = 100;

    private static readonly TimeSpan Age = TimeSpan.FromHours(1);

    private static readonly Meter Meter = new(ElectionTelemetry.Name);

    private static readonly Counter<long> Counter = Meter.CreateCounter<long>(
        "leader_election.raft.refused", "{refusal}", "Connections and members that were turned away, by reason.");

    private readonly Dictionary<(string Source, RefusalReason Reason), long> _told = [];
    private readonly Dictionary<(string Source, RefusalReason Reason), long> _strangers = [];

    /// <param name="source">Who was turned away.</param>
    /// <param name="reason">Why.</param>
    /// <param name="message">The line for the log.</param>
    /// <param name="isStranger">Whether all that is known of it is an address.</param>
    public void Add(string source, RefusalReason reason, string message, bool isStranger = false)
    {
        Counter.Add(1, new KeyValuePair<string, object?>("election.refusal.reason", reason.ToString().ToLowerInvariant()));
        var now = time.GetTimestamp();
        lock (_told)
        {
            var told = isStranger ? _strangers : _told;
            if (told.TryGetValue((source, reason), out var at) && time.GetElapsedTime(at, now) < Age)
                return;
            if (isStranger && told.Count >= MostStrangers)
            {
                foreach (var old in told.Where(t => time.GetElapsedTime(t.Value, now) >= Age).Select(t => t.Key).ToArray())
                    told.Remove(old);
                if (told.Count >= MostStrangers)
                    return;
            }
            told[(source, reason)] = now;
        }
        log($"{source}: {message}");
    }

    /// <summary>It was let in; what comes next is news again.</summary>
    public void Forget(string source)
    {
        lock (_told)
        {
            foreach (var key in _told.Keys.Where(t => t.Source == source).ToArray())
                _told.Remove(key);
        }
    }
}
