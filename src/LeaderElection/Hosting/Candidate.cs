using LeaderElection.Telemetry;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Hosting;

/// <summary>One candidate of this process, as its <see cref="LeaderService"/> runs it.</summary>
public sealed class Candidate
{
    private readonly Lock _lock = new();
    private readonly SerialQueue _subscribers = new();
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private Leadership? _leadership;
    private LeaderInfo? _observed;
    private DateTimeOffset _since;
    private Leadership? _working;
    private long? _endedAt;

    internal Candidate(string election, string candidateId, IElectionBackend backend, TimeProvider time, ILogger logger)
    {
        Election = election;
        CandidateId = candidateId;
        Backend = backend;
        _time = time;
        _logger = logger;
        _since = time.GetUtcNow();
    }

    /// <summary>
    /// Raised after the role or the observed leader changed; on the thread pool, one change after another. What a
    /// subscriber throws is logged.
    /// </summary>
    public event Action? Changed;

    /// <summary>The election.</summary>
    public string Election { get; }

    /// <summary>The candidate's id.</summary>
    public string CandidateId { get; }

    /// <summary>Where it campaigns.</summary>
    internal IElectionBackend Backend { get; }

    /// <summary>For how long its work has gone on though the leadership has ended; <see langword="null"/> when it does not.</summary>
    internal TimeSpan? WorksOnFor
    {
        get
        {
            lock (_lock)
                return _working is { IsValid: false } && _endedAt is { } since ? _time.GetElapsedTime(since) : null;
        }
    }

    /// <summary>How it stands at this moment.</summary>
    public CandidateStatus Status
    {
        get
        {
            lock (_lock)
            {
                var leads = _leadership is { IsValid: true } ? _leadership : null;
                return new CandidateStatus(
                    Election, Backend.Strategy, CandidateId,
                    leads is not null ? CandidateRole.Leader : _working is { IsValid: false } ? CandidateRole.Stopping : CandidateRole.Follower,
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
                if (_working == ended)
                    _endedAt = _time.GetTimestamp();
                if (_leadership != ended)
                    return;
                _leadership = null;
                _since = _time.GetUtcNow();
            }
            Raise(Changed);
        });
        Raise(Changed);
    }

    internal void WorkBegins(Leadership leadership)
    {
        lock (_lock) (_working, _endedAt) = (leadership, leadership.IsValid ? null : _time.GetTimestamp());
    }

    internal void WorkHasStopped()
    {
        lock (_lock) _working = null;
        Raise(Changed);
    }

    internal void Observed(LeaderInfo? leader)
    {
        lock (_lock) _observed = leader;
        Raise(Changed);
    }

    /// <summary>Calls subscribers: they hold up each other, and nobody else.</summary>
    internal void Raise(Action? subscribers)
    {
        foreach (var subscriber in Delegate.EnumerateInvocationList(subscribers))
        {
            _subscribers.Post(() =>
            {
                try
                {
                    subscriber();
                }
                catch (Exception e)
                {
                    _logger.SubscriberFailed(e, CandidateId, Election);
                }
            });
        }
    }
}
