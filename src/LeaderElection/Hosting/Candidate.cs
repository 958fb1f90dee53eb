namespace LeaderElection.Hosting;

/// <summary>One candidate of this process, as its <see cref="LeaderService"/> runs it.</summary>
public sealed class Candidate
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly string _strategy;
    private Leadership? _leadership;
    private LeaderInfo? _observed;
    private DateTimeOffset _since;

    internal Candidate(string election, string candidateId, string strategy, TimeProvider time)
    {
        Election = election;
        CandidateId = candidateId;
        _strategy = strategy;
        _time = time;
        _since = time.GetUtcNow();
    }

    /// <summary>Raised after the role or the observed leader changed.</summary>
    public event Action? Changed;

    /// <summary>The election.</summary>
    public string Election { get; }

    /// <summary>The candidate's id.</summary>
    public string CandidateId { get; }

    /// <summary>How it stands at this moment.</summary>
    public CandidateStatus Status
    {
        get
        {
            lock (_lock)
            {
                var leads = _leadership is { IsValid: true } ? _leadership : null;
                return new CandidateStatus(
                    Election, _strategy, CandidateId, leads is null ? CandidateRole.Follower : CandidateRole.Leader,
                    leads?.FencingToken, _since, leads?.LeaseRemaining, leads?.LeaseDuration, _observed);
            }
        }
    }

    /// <summary>The current term; <see langword="null"/> while this candidate does not lead.</summary>
    public Leadership? Leadership
    {
        get { lock (_lock) return _leadership is { IsValid: true } ? _leadership : null; }
    }

    internal void BecameLeader(Leadership leadership)
    {
        lock (_lock)
        {
            _leadership = leadership;
            _since = _time.GetUtcNow();
        }
        leadership.WhenEnded((ended, _) =>
        {
            lock (_lock)
            {
                if (_leadership != ended)
                    return;
                _leadership = null;
                _since = _time.GetUtcNow();
            }
            Changed?.Invoke();
        });
        Changed?.Invoke();
    }

    internal void Observed(LeaderInfo? leader)
    {
        lock (_lock) _observed = leader;
        Changed?.Invoke();
    }
}
