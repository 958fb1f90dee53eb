using LeaderElection.Board.Elections;
using LeaderElection.Board.History;
using LeaderElection.Reports;

namespace LeaderElection.Board.Candidates;

/// <summary>Every election and candidate that the board has heard of, and who led when. Thread-safe.</summary>
internal sealed class CandidateRoster(TimeProvider time, ChangeFeed changes) : IDisposable
{
    private const int MaxElections = 20_000;
    private const int ChangesKept = 10_000;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<ElectionKey, ElectionSeats> _elections = [];
    private readonly Dictionary<string, List<ElectionSeats>> _byName = new(StringComparer.Ordinal);
    private readonly FigureCounter _figures = new(ChangesKept);

    /// <summary>Takes in a valid report. The latest connection that reports a candidate owns it.</summary>
    /// <returns>Why it is not taken in, or <see langword="null"/>.</returns>
    public string? Report(object connection, CandidateReport report)
    {
        lock (_lock)
        {
            var key = new ElectionKey(report.Election, report.Strategy);
            if (!_elections.TryGetValue(key, out var election))
            {
                if (_elections.Count >= MaxElections)
                    return $"the board lists no more than {MaxElections} elections";
                election = Add(key);
            }
            election.Timeline.Limits = HistoryLimits.For(_elections.Count);
            if (election.Put(connection, report))
                changes.TimelineChanged(key);
            Refresh(election);
            changes.Reported(key);
            return null;
        }
    }

    /// <summary>The candidates of a connection that has ended are gone.</summary>
    public void Disconnect(object connection)
    {
        lock (_lock)
        {
            foreach (var election in _elections.Values)
            {
                election.MarkGone(connection);
                Refresh(election);
            }
        }
    }

    /// <summary>The ledger has refused a write: a mark on the timeline of the election.</summary>
    public void Refused(string name, string? candidate, long token, long highest)
    {
        lock (_lock)
        {
            _figures.RefusedWrites++;
            if (!_byName.TryGetValue(name, out var elections))
                return;
            // The ledger knows elections by name alone; the writer tells which of them it was.
            var whose = elections.Where(election => election.View.Candidates.Any(one => one.Candidate == candidate)).DefaultIfEmpty(elections[0]).First();
            whose.Timeline.Refuse(candidate, token, highest);
            changes.TimelineChanged(whose.Key);
        }
    }

    /// <summary>Every election as of now, by name.</summary>
    public IReadOnlyList<ElectionView> List()
    {
        lock (_lock)
        {
            foreach (var election in _elections.Values)
                Refresh(election);
            return [.. _elections.Values.Select(election => election.View)];
        }
    }

    /// <summary>Those of the elections that are listed.</summary>
    public IReadOnlyList<ElectionView> Views(IEnumerable<ElectionKey> keys) => Select(keys, election => election.View);

    public IReadOnlyList<PulseView> Pulses(IEnumerable<ElectionKey> keys) => Select(keys, election => election.Pulse());

    /// <param name="since">How far back its timeline goes; <see langword="null"/> for all of it.</param>
    public ElectionSnapshot? Find(ElectionKey key, DateTimeOffset? since = null)
    {
        lock (_lock)
        {
            if (!_elections.TryGetValue(key, out var election))
                return null;
            Refresh(election);
            return new ElectionSnapshot(election.View, election.Timeline.Read(key.Name, key.Strategy, since), election.Pulse());
        }
    }

    /// <summary>The figures over all elections.</summary>
    public Figures Figures()
    {
        lock (_lock)
            return _figures.Read();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var election in _elections.Values)
                election.LeaseEnd?.Dispose();
        }
    }

    private ElectionSeats Add(ElectionKey key)
    {
        var election = new ElectionSeats(key, time, _figures);
        election.LeaseEnd = time.CreateTimer(_ => OnLeaseEnd(election), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _elections.Add(key, election);
        if (!_byName.TryGetValue(key.Name, out var sameName))
            _byName.Add(key.Name, sameName = []);
        sameName.Add(election);
        return election;
    }

    private IReadOnlyList<T> Select<T>(IEnumerable<ElectionKey> keys, Func<ElectionSeats, T> what)
    {
        lock (_lock)
            return [.. keys.Select(key => _elections.GetValueOrDefault(key)).OfType<ElectionSeats>().Select(what)];
    }

    private void OnLeaseEnd(ElectionSeats election)
    {
        lock (_lock)
            Refresh(election);
    }

    private void Refresh(ElectionSeats election)
    {
        var (view, timeline) = election.Refresh();
        if (view)
            changes.ElectionChanged(election.Key);
        if (timeline)
            changes.TimelineChanged(election.Key);
    }
}
