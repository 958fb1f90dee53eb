using LeaderElection.Board.Elections;

namespace LeaderElection.Board.Candidates;

/// <summary>The candidates of one election, and what they say together. Not thread-safe: the roster's lock guards it.</summary>
internal sealed class ElectionSeats(string name, string strategy, TimeProvider time)
{
    private readonly SortedDictionary<string, CandidateSeat> _seats = new(StringComparer.Ordinal);
    private long _highestToken;

    /// <summary>What was last said of the election.</summary>
    public ElectionView View { get; private set; } = new(name, strategy, null, []);

    public bool IsEmpty => _seats.Count == 0;

    /// <summary>Wakes the roster when the leader's lease runs out.</summary>
    public ITimer? LeaseEnd { get; set; }

    public void Put(CandidateSeat seat)
    {
        _seats[seat.Report.Candidate] = seat;
        if (seat.Report.Role == CandidateReport.Leader)
            _highestToken = Math.Max(_highestToken, seat.Report.FencingToken ?? 0);
    }

    public void RemoveAllOf(object connection)
    {
        foreach (var candidate in _seats.Where(seat => seat.Value.Connection == connection).Select(seat => seat.Key).ToArray())
            _seats.Remove(candidate);
        // A store that was wiped starts its tokens anew; without candidates there is nothing left to compare with.
        if (IsEmpty)
            _highestToken = 0;
    }

    /// <summary>Looks at the seats as of now.</summary>
    /// <returns>Whether the view has changed.</returns>
    public bool Refresh()
    {
        // Believed is the highest token that was ever reported, while its lease lasts; never a lower one in its place.
        var leader = _seats.Values
            .Where(seat => seat.Report.Role == CandidateReport.Leader && seat.Report.FencingToken == _highestToken && seat.LeaseLeft(time) > TimeSpan.Zero)
            .MaxBy(seat => seat.ReceivedAt);
        // A millisecond more, as timers may fire a little early.
        LeaseEnd?.Change(leader is null ? Timeout.InfiniteTimeSpan : leader.LeaseLeft(time) + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);

        var view = new ElectionView(
            name,
            strategy,
            leader is null ? null : new LeaderView(leader.Report.Candidate, _highestToken, leader.Report.Since),
            [.. _seats.Values.Select(seat => ViewOf(seat, leader))]);
        if (view.SaysTheSameAs(View))
            return false;
        View = view;
        return true;
    }

    private static CandidateView ViewOf(CandidateSeat seat, CandidateSeat? leader)
    {
        var role = seat.Report.Role;
        // It said so last, but its lease has run out or another has followed it: what it is now, nobody knows.
        if (role == CandidateReport.Leader && seat != leader)
            role = CandidateView.Unknown;
        return new CandidateView(seat.Report.Candidate, role, string.IsNullOrEmpty(seat.Report.Url) ? null : seat.Report.Url, seat.Report.Pid);
    }
}
