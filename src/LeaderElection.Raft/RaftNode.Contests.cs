using LeaderElection.Leases;

namespace LeaderElection.Raft;

/// <content>The elections in which this process has candidates or observers.</content>
internal sealed partial class RaftNode
{
    private readonly Dictionary<string, Contest> _contests = [];

    /// <summary>What a campaign ends with, once the member does not take part any more.</summary>
    private Func<Exception>? _closing;

    /// <summary>One for all that this member leads; a new one when it has run out.</summary>
    private LeaseClock _clock;

    public int FollowerCount
    {
        get { lock (_lock) return _contests.Values.Sum(c => c.FollowerCount); }
    }

    /// <summary>Campaigns for a seat: as soon as no other seat of this process stands in that election.</summary>
    public Task JoinAsync(RaftSeat seat) => PostAsync(() =>
    {
        if (_closing is { } closing)
        {
            seat.Elected.TrySetException(closing());
            return;
        }
        var contest = Find(seat.Election);
        contest.Waiting.Add(seat);
        StandNext(contest);
    });

    /// <summary>Calls a campaign off. When this has ended, the seat is not elected any more.</summary>
    public Task LeaveAsync(RaftSeat seat) => PostAsync(() =>
    {
        var contest = Find(seat.Election);
        if (contest.Waiting.Remove(seat) || contest.Campaigning != seat || contest.Leadership is not null)
            return;
        contest.Campaigning = null;
        Step(new Input.Withdraw(seat.Election));
        StandNext(contest);
    });

    /// <summary>Has whoever leads next come from that member, if it can.</summary>
    /// <returns>Why it cannot; <see langword="null"/> when it can.</returns>
    public string? SetTarget(Leadership leadership, string member)
    {
        lock (_lock)
        {
            var contest = Find(leadership.ElectionName);
            if (contest.Leadership != leadership || !leadership.IsValid)
                return $"the leadership of '{leadership.ElectionName}' under token {leadership.FencingToken} has ended";
            if (_member.WhyNotTransfer(leadership.ElectionName, member) is { } reason)
                return reason;
            contest.Target = member;
            return null;
        }
    }

    public LeaderInfo? Leader(string election)
    {
        lock (_lock) return _contests.GetValueOrDefault(election)?.Leader;
    }

    public Leadership[] Leaderships()
    {
        lock (_lock) return [.. _contests.Values.Select(c => c.Leadership).OfType<Leadership>()];
    }

    public void Observe(string election, AsyncSignal signal)
    {
        lock (_lock) Find(election).Observers.Add(signal);
    }

    public void Unobserve(string election, AsyncSignal signal)
    {
        lock (_lock) Find(election).Observers.Remove(signal);
    }

    /// <summary>Ends the campaigns and wakes the observers of a backend that is closed.</summary>
    public void EndCampaigns(Func<Exception> error)
    {
        lock (_lock)
        {
            _closing ??= error;
            foreach (var contest in _contests.Values)
            {
                foreach (var seat in contest.Waiting)
                    seat.Elected.TrySetException(error());
                if (contest.Leadership is null)
                    contest.Campaigning?.Elected.TrySetException(error());
                foreach (var observer in contest.Observers)
                    observer.Set();
            }
        }
    }

    private Contest Find(string election)
    {
        if (!_contests.TryGetValue(election, out var contest))
            _contests.Add(election, contest = new Contest(election));
        return contest;
    }

    private void StandNext(Contest contest)
    {
        if (contest.Campaigning is not null || contest.Waiting is not [var seat, ..] || _closing is not null || _member.Stands(contest.Election))
            return;
        contest.Waiting.RemoveAt(0);
        contest.Campaigning = seat;
        Stand(contest, seat);
    }

    private void Stand(Contest contest, RaftSeat seat)
    {
        if (_member.CanTakePartIn(contest.Election))
        {
            Step(new Input.Stand(contest.Election, seat.Candidate));
            return;
        }
        contest.Campaigning = null;
        seat.Elected.TrySetException(new ElectionStoreException(
            $"'{contest.Election}' would be one election more than the {MemberState.MaxElections} that a member can take part in over its life", isTransient: false));
    }

    private void OnElected(Output.Elected elected)
    {
        var contest = Find(elected.Election);
        if (contest.Campaigning is not { } seat)
        {
            Resign(elected.Election, elected.Term);
            return;
        }
        // What ran out stays so, with all that hung on it; this is a new lease.
        if (!_clock.Confirm(elected.Sent))
        {
            _clock = _backend.CreateLeaseClock();
            if (!_clock.Confirm(elected.Sent))
            {
                Resign(elected.Election, elected.Term);
                return;
            }
        }
        var leadership = new Leadership(
            elected.Election, seat.Candidate, elected.Term, Time.GetUtcNow(), _clock, _ => _backend.ReleaseAsync(elected.Election, elected.Term),
            _backend.Options.DrainTimeout);
        contest.Leadership = leadership;
        contest.Target = null;
        var leaderless = contest.LeaderGoneAt is { } since ? Time.GetElapsedTime(since) : (TimeSpan?)null;
        leadership.WhenEnded((_, reason) =>
        {
            // When it resigned it is released after its work has stopped.
            if (reason != LeadershipEnd.Resigned)
                Resign(elected.Election, elected.Term);
        });
        if (!seat.Elected.TrySetResult((leadership, leaderless)))
            leadership.End(LeadershipEnd.Superseded);
    }

    private void OnLost(Output.Lost lost)
    {
        var contest = Find(lost.Election);
        if (contest.Leadership is { } leadership)
        {
            contest.Leadership = null;
            contest.Campaigning = null;
            leadership.End(lost.Reason switch
            {
                LossReason.LeaseRanOut => LeadershipEnd.LeaseRanOut,
                LossReason.Superseded => LeadershipEnd.Superseded,
                _ => LeadershipEnd.Resigned,
            });
        }
        // Not in between two outputs of a step.
        _ = PostAsync(() =>
        {
            // It was elected too late to believe it: the campaign goes on.
            if (contest is { Campaigning: { } seat, Leadership: null } && _closing is null && !_member.Stands(contest.Election))
                Stand(contest, seat);
            StandNext(contest);
        });
    }

    /// <summary>Stops leading a term, if this member still does.</summary>
    private void Resign(string election, long term) => _ = ResignAsync(election, term);

    public Task ResignAsync(string election, long term) => PostAsync(() =>
    {
        // If the lease is over, the member must find that out by itself: then nobody is called upon before the others' promises end.
        Step(new Input.Tick());
        var contest = Find(election);
        if (_member.Leads(election, term))
            Step(new Input.Resign(election, contest.Target));
    });

    private void OnLeaderChanged(Output.LeaderChanged changed)
    {
        var contest = Find(changed.Election);
        contest.LeaderGoneAt = changed.Member is null ? contest.LeaderGoneAt ?? Time.GetTimestamp() : null;
        contest.Leader = changed.Candidate is { Length: > 0 } candidate ? new LeaderInfo(candidate, changed.Term, Time.GetUtcNow()) : null;
        foreach (var observer in contest.Observers)
            observer.Set();
    }

    private void OnPreferred(Output.Preferred preferred)
    {
        if (Find(preferred.Election).Leadership is { } leadership)
            _backend.HandOver(leadership, preferred.Member);
    }
}
