using LeaderElection.Board.Elections;

namespace LeaderElection.Board.Candidates;

/// <summary>Every election and candidate that the board has heard of. Thread-safe.</summary>
internal sealed class CandidateRoster(TimeProvider time, ChangeFeed changes) : IDisposable
{
    private const int MaxElections = 20_000;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<(string Name, string Strategy), ElectionSeats> _elections = new(ElectionOrder);

    private static Comparer<(string Name, string Strategy)> ElectionOrder { get; } =
        Comparer<(string Name, string Strategy)>.Create((a, b) =>
            string.CompareOrdinal(a.Name, b.Name) is not 0 and var byName ? byName : string.CompareOrdinal(a.Strategy, b.Strategy));

    /// <summary>Takes in a valid report. The latest connection that reports a candidate owns it.</summary>
    /// <returns>Why it is not taken in, or <see langword="null"/>.</returns>
    public string? Report(object connection, CandidateReport report)
    {
        lock (_lock)
        {
            var key = (report.Election, report.Strategy);
            if (!_elections.TryGetValue(key, out var election))
            {
                if (_elections.Count >= MaxElections)
                    return $"the board lists no more than {MaxElections} elections";
                election = new ElectionSeats(report.Election, report.Strategy, time);
                election.LeaseEnd = time.CreateTimer(_ => OnLeaseEnd(election), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _elections.Add(key, election);
            }
            election.Put(new CandidateSeat(connection, report, time.GetTimestamp()));
            if (election.Refresh())
                changes.ElectionsChanged();
            return null;
        }
    }

    /// <summary>Forgets the candidates of a connection that has ended. Their elections stay, without them.</summary>
    public void Disconnect(object connection)
    {
        lock (_lock)
        {
            var changed = false;
            foreach (var election in _elections.Values)
            {
                election.RemoveAllOf(connection);
                changed |= election.Refresh();
            }
            if (changed)
                changes.ElectionsChanged();
        }
    }

    /// <summary>Every election as of now, by name.</summary>
    public IReadOnlyList<ElectionView> List()
    {
        lock (_lock)
        {
            foreach (var election in _elections.Values)
                election.Refresh();
            return [.. _elections.Values.Select(election => election.View)];
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var election in _elections.Values)
                election.LeaseEnd?.Dispose();
        }
    }

    private void OnLeaseEnd(ElectionSeats election)
    {
        lock (_lock)
        {
            if (election.Refresh())
                changes.ElectionsChanged();
        }
    }
}
