namespace LeaderElection.Board.History;

/// <summary>
/// Who led an election when, and when nobody did, by the board's clock at receipt. Bounded; not thread-safe: the
/// roster's lock guards it.
/// </summary>
/// <param name="time">The board's clock.</param>
/// <param name="all">Where the figures of all elections are counted together.</param>
internal sealed class ElectionTimeline(TimeProvider time, FigureCounter all)
{
    /// <summary>A claim that reaches the board this much after the next leader's may have been on its way.</summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan OneMark = TimeSpan.FromSeconds(1);

    private readonly List<Term> _terms = [];
    private readonly List<RefusedWrite> _refusals = [];
    private readonly FigureCounter _own = new(changesKept: 200);
    private long _numbers;
    private long _droppedTerms;
    private long _droppedRefusals;
    private bool _deserted;

    public HistoryLimits Limits { get; set; } = HistoryLimits.For(1);

    private Term? Last => _terms.Count > 0 ? _terms[^1] : null;

    /// <summary>The term that is running.</summary>
    public Term? Current => Last is { HasEnded: false } term ? term : null;

    /// <summary>Somebody leads. Whoever led before has been followed.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Lead(string candidate, long token)
    {
        if (Last is { } last && last.Candidate == candidate && last.Token == token)
        {
            var seemedOver = last.HasEnded;
            if (seemedOver)
                last.Resume();
            _deserted = false;
            return seemedOver;
        }
        End(EndReasons.Superseded);
        var now = time.GetTimestamp();
        LeadershipChange? change = null;
        if (Last is { } previous)
        {
            change = new LeadershipChange(time.GetElapsedTime(previous.EndedAt, now), _deserted) { IsHandOver = previous.EndReason == EndReasons.Resigned };
            previous.FollowedBy(change, now);
        }
        _deserted = false;
        _terms.Add(new Term(++_numbers, candidate, token, time.GetUtcNow(), now, change));
        _own.Elected(change);
        all.Elected(change);
        Trim();
        return true;
    }

    /// <summary>Whoever led does not any more.</summary>
    public bool End(string reason)
    {
        if (Current is not { } term)
            return false;
        term.End(time.GetUtcNow(), time.GetTimestamp(), reason);
        return true;
    }

    /// <summary>There is no candidate left.</summary>
    public void Desert() => _deserted = true;

    /// <summary>A candidate's own word on how its last term ended, where the board could only see that another followed it.</summary>
    public bool Explain(string candidate, string reason)
    {
        var term = _terms.FindLast(term => term.Candidate == candidate);
        if (term is not { EndReason: EndReasons.Superseded } || reason == EndReasons.Superseded)
            return false;
        term.Explain(reason);
        return true;
    }

    /// <summary>A candidate says that it leads, under a token that is not the highest.</summary>
    public bool Claim(string candidate, long token)
    {
        var term = _terms.FindLast(term => term.Candidate == candidate && term.Token == token);
        if (term is not { Next: not null } || time.GetElapsedTime(term.NextStartedAt) is var overlap && overlap <= OnItsWay)
            return false;
        if (term.Overlap == TimeSpan.Zero)
        {
            _own.Overlaps++;
            all.Overlaps++;
        }
        term.Overlap = overlap;
        return true;
    }

    /// <summary>The ledger has refused a write.</summary>
    public void Refuse(string? candidate, long token, long highest)
    {
        _own.RefusedWrites++;
        var now = time.GetUtcNow();
        if (_refusals is [.., var last] && last.Candidate == candidate && last.FencingToken == token && now - last.At < OneMark)
        {
            _refusals[^1] = last with { Count = last.Count + 1 };
            return;
        }
        _refusals.Add(new RefusedWrite(now, candidate, token, highest, 1));
        Trim();
    }

    /// <param name="since">Terms that had ended by then are left out; <see langword="null"/> for all.</param>
    public TimelineView Read(string election, string strategy, DateTimeOffset? since = null) => new(
        election,
        strategy,
        time.GetUtcNow(),
        [.. _terms.Where(term => since is null || term.To is null || term.To >= since).Select(ViewOf)],
        Last is { HasEnded: true } last ? time.GetElapsedTime(last.EndedAt).InMilliseconds() : null,
        [.. _refusals.Where(refusal => since is null || refusal.At >= since)],
        _droppedTerms,
        _droppedRefusals,
        _own.Read());

    private TermView ViewOf(Term term) => new(
        term.Number,
        term.Candidate,
        term.Token,
        term.From,
        term.To,
        time.GetElapsedTime(term.StartedAt, term.HasEnded ? term.EndedAt : time.GetTimestamp()).InMilliseconds(),
        term.EndReason,
        term.Change?.Gap.InMilliseconds(),
        term.Overlap == TimeSpan.Zero ? null : term.Overlap.InMilliseconds());

    private void Trim()
    {
        if (_terms.Count > Limits.Terms)
        {
            _droppedTerms += _terms.Count - Limits.Terms;
            _terms.RemoveRange(0, _terms.Count - Limits.Terms);
        }
        if (_refusals.Count > Limits.Refusals)
        {
            _droppedRefusals += _refusals.Count - Limits.Refusals;
            _refusals.RemoveRange(0, _refusals.Count - Limits.Refusals);
        }
    }
}
