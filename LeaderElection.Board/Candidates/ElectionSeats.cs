using LeaderElection.Board.Elections;
using LeaderElection.Board.History;
using LeaderElection.Reports;

namespace LeaderElection.Board.Candidates;

/// <summary>The candidates of one election, and what they say together. Not thread-safe: the roster's lock guards it.</summary>
internal sealed class ElectionSeats(ElectionKey key, TimeProvider time, FigureCounter figures)
{
    /// <summary>How long a candidate that is gone stays listed, so that it can be started again.</summary>
    private static readonly TimeSpan GoneKept = TimeSpan.FromMinutes(15);

    private const int MostGone = 16;

    private readonly SortedDictionary<string, CandidateSeat> _seats = new(StringComparer.Ordinal);
    private long _highestToken;

    public ElectionKey Key => key;

    /// <summary>What was last said of the election.</summary>
    public ElectionView View { get; private set; } = new(key.Name, key.Strategy, null, []);

    public ElectionTimeline Timeline { get; } = new(time, figures);

    /// <summary>Wakes the roster when the leader's lease runs out.</summary>
    public ITimer? LeaseEnd { get; set; }

    /// <summary>Takes in a report.</summary>
    /// <returns>Whether it changes what the timeline tells of the past.</returns>
    public bool Put(object connection, CandidateReport report)
    {
        // The same list is the same object, so that views can be compared.
        if (_seats.TryGetValue(report.Candidate, out var before) && SameActions(before.Report.Actions, report.Actions))
            report = report with { Actions = before.Report.Actions };
        _seats[report.Candidate] = new CandidateSeat(connection, report, time.GetTimestamp());
        if (report is not { Role: CandidateReport.Leader, FencingToken: { } token })
            return report.EndReason is { } reason && Timeline.Explain(report.Candidate, reason);
        if (token < _highestToken && report.LeaseRemaining > 0)
            return Timeline.Claim(report.Candidate, token);
        _highestToken = Math.Max(_highestToken, token);
        return false;
    }

    public void MarkGone(object connection)
    {
        var now = time.GetTimestamp();
        foreach (var (candidate, seat) in _seats.Where(seat => seat.Value.Connection == connection).ToArray())
            _seats[candidate] = seat with { Connection = null, ReceivedAt = now };
    }

    /// <summary>Looks at the seats as of now.</summary>
    /// <returns>Whether the view has changed, and whether the timeline has.</returns>
    public (bool View, bool Timeline) Refresh()
    {
        ForgetTheLongGone();
        // Believed is the highest token that was ever reported, while its lease lasts; never a lower one in its place.
        var leader = _seats.Values
            .Where(seat => seat.Report.Role == CandidateReport.Leader && seat.Report.FencingToken == _highestToken && seat.LeaseLeft(time) > TimeSpan.Zero)
            .MaxBy(seat => seat.ReceivedAt);
        // A millisecond more, as timers may fire a little early.
        LeaseEnd?.Change(leader is null ? Timeout.InfiniteTimeSpan : leader.LeaseLeft(time) + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);

        var led = leader is null ? Timeline.End(WhyEnded()) : Timeline.Lead(leader.Report.Candidate, _highestToken);
        if (_seats.Values.All(seat => seat.IsGone))
        {
            Timeline.Desert();
            // A store that was wiped starts its tokens anew; without candidates there is nothing left to compare with.
            _highestToken = 0;
        }
        var view = new ElectionView(
            key.Name,
            key.Strategy,
            leader is null ? null : new LeaderView(leader.Report.Candidate, _highestToken, leader.Report.Since),
            [.. _seats.Values.Select(seat => ViewOf(seat, leader))]);
        if (view.SaysTheSameAs(View))
            return (false, led);
        View = view;
        return (true, led);
    }

    public PulseView Pulse()
    {
        var leader = View.Leader is { } view && _seats.TryGetValue(view.Candidate, out var seat) ? seat : null;
        var members = _seats.Where(seat => seat.Value is { IsGone: false, Report.Raft: not null }).ToDictionary(seat => seat.Key, seat => seat.Value.Report.Raft!);
        return new PulseView(
            key.Name,
            key.Strategy,
            leader is null ? null : Math.Round(Math.Max(0, leader.LeaseLeft(time).TotalSeconds), 3),
            leader?.Report.LeaseDuration,
            members.Count == 0 ? null : members);
    }

    private string WhyEnded()
    {
        if (Timeline.Current is not { } term || !_seats.TryGetValue(term.Candidate, out var seat) || seat.IsGone)
            return EndReasons.Gone;
        return seat.Report.Role switch
        {
            CandidateReport.Leader when seat.Report.FencingToken == term.Token => EndReasons.LeaseRanOut,
            CandidateReport.Leader => EndReasons.Superseded,
            CandidateReport.Stopped => seat.Report.EndReason ?? EndReasons.Stopped,
            _ => seat.Report.EndReason ?? EndReasons.SteppedDown,
        };
    }

    private void ForgetTheLongGone()
    {
        var gone = _seats.Where(seat => seat.Value.IsGone).ToArray();
        if (gone.Length == 0)
            return;
        foreach (var (candidate, _) in gone.OrderByDescending(seat => seat.Value.ReceivedAt)
            .Where((seat, newer) => newer >= MostGone || time.GetElapsedTime(seat.Value.ReceivedAt) >= GoneKept))
            _seats.Remove(candidate);
    }

    private static bool SameActions(IReadOnlyList<string>? one, IReadOnlyList<string>? other) =>
        one is null ? other is null : other is not null && one.SequenceEqual(other);

    private static CandidateView ViewOf(CandidateSeat seat, CandidateSeat? leader)
    {
        var role = seat.IsGone ? CandidateView.Gone : seat.Report.Role;
        // It said so last, but its lease has run out or another has followed it: what it is now, nobody knows.
        if (role == CandidateReport.Leader && seat != leader)
            role = CandidateView.Unknown;
        return new CandidateView(
            seat.Report.Candidate,
            role,
            string.IsNullOrEmpty(seat.Report.Url) ? null : seat.Report.Url,
            seat.IsGone ? null : seat.Report.Pid,
            seat.Report.Actions,
            seat.Report.Raft?.Member);
    }
}
