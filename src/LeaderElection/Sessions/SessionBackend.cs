using LeaderElection.Leases;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Sessions;

/// <summary>
/// What the strategies have in common whose candidates queue: each has an entry that lives as long as the session of
/// its process, the first entry leads, and every other waits for the one before it, so that one departure wakes one
/// candidate.
/// </summary>
/// <remarks>
/// Source: P. Hunt, M. Konar, F. P. Junqueira and B. Reed, "ZooKeeper: Wait-free Coordination for Internet-scale
/// Systems" (USENIX ATC 2010), section 2.4, "Simple Locks without Herd Effect".
/// </remarks>
public abstract class SessionBackend : StoreBackend
{
    private readonly Lock _lock = new();
    private readonly List<Session> _sessions = [];
    private Task? _opening;
    private int _waiting;

    /// <summary>Creates the backend; nothing is sent to the store yet.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options contradict each other.</exception>
    protected SessionBackend(string strategy, LeaseOptions options, TimeProvider? time, ILogger logger)
        : base(strategy, options, time, logger)
    {
    }

    internal override int FollowerCount => Volatile.Read(ref _waiting);

    /// <inheritdoc/>
    public override IElection CreateElection(string name, string candidateId)
    {
        ThrowIfDisposed();
        return new SessionElection(this, name, candidateId);
    }

    /// <summary>Opens a session, and confirms its clock as of before the request was sent.</summary>
    protected abstract ValueTask<Session> OpenSessionAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Reads who leads; <see langword="null"/> when nobody does. Before it answers, it sees to it that
    /// <see cref="Waiter.Changed"/> is called when that changes.
    /// </summary>
    protected internal abstract ValueTask<LeaderInfo?> ReadAsync(Waiter observer, CancellationToken cancellationToken);

    /// <summary>A clock for a session that is not confirmed yet.</summary>
    /// <param name="granted">For how long the store keeps it, if that is not what the options say.</param>
    protected LeaseClock CreateClock(TimeSpan? granted = null)
    {
        if (granted is not { } duration)
            return Options.CreateClock(Time);
        return new LeaseClock(Time, duration, Options.ClockDrift, Options.EffectiveSafetyMargin * Math.Min(1, duration / Options.LeaseDuration));
    }

    /// <summary>A seat in the queue, in the session of this process; opens that if there is none.</summary>
    internal async Task<(Session Session, QueueEntry Entry)> SitDownAsync(string election, string candidateId, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task opening;
            lock (_lock)
            {
                ThrowIfDisposed();
                foreach (var session in _sessions)
                {
                    if (session.TryAdd(election, candidateId) is { } entry)
                        return (session, entry);
                }
                opening = _opening ??= Track(Task.Run(OpenAsync, CancellationToken.None));
            }
            await opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Leaves the queue, as soon as the store can be told.</summary>
    internal ValueTask LeaveAsync(Session session, QueueEntry entry)
    {
        // The end of the session deletes its entries.
        if (session.HasEnded)
            return default;
        return TellAsync(
            entry.Election,
            async stop =>
            {
                await session.LeaveAsync(entry, stop).ConfigureAwait(false);
                // Only now: the next candidate waits for that one request, and not for watches to end.
                session.Remove(entry);
                CloseIfSpare(session);
            },
            () => !session.HasEnded,
            // Or the entry would live, and its election stand still, for as long as this process renews its session.
            session.Clock.Revoke);
    }

    internal void BeginWait() => Interlocked.Increment(ref _waiting);

    internal void EndWait() => Interlocked.Decrement(ref _waiting);

    internal void Forget(Session session)
    {
        lock (_lock) _sessions.Remove(session);
    }

    internal void CloseInBackground(Session session)
    {
        // However long it takes: a store that was away gives each session its full time again, in the way of the next leaders.
        InBackground(async () => await TellAsync("the session", session.CloseAsync, static () => true, static () => { }).ConfigureAwait(false));
    }

    private protected override void WakeAll()
    {
        foreach (var session in Sessions())
            session.WakeAll();
    }

    private protected override Task ResignAllAsync() => Task.WhenAll(Sessions().Select(s => s.ResignAllAsync()));

    private protected override ValueTask EndAsync()
    {
        foreach (var session in Sessions())
            session.Clock.Revoke();
        return WaitForBackgroundAsync();
    }

    private async Task<bool> OpenAsync()
    {
        try
        {
            var session = await RequestAsync(OpenSessionAsync, Options.LeaseDuration).ConfigureAwait(false);
            lock (_lock) _sessions.Add(session);
            session.Start(this);
            if (IsDisposed)
                session.Clock.Revoke();
            return true;
        }
        finally
        {
            lock (_lock) _opening = null;
        }
    }

    /// <summary>A session that was opened for a second seat in one election is not kept for its own sake.</summary>
    private void CloseIfSpare(Session session)
    {
        lock (_lock)
        {
            if (_sessions.Count < 2 || session.HasEntries)
                return;
        }
        session.Clock.Revoke();
    }

    private Session[] Sessions()
    {
        lock (_lock) return [.. _sessions];
    }
}
