using LeaderElection.Leases;
using LeaderElection.Rehearsing;
using LeaderElection.Telemetry;
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
    private const int LooksAtOnce = 50;

    private readonly Lock _lock = new();
    private readonly List<Session> _sessions = [];
    private readonly HashSet<Waiter> _observers = [];
    private bool _isLookingAround;
    private Task? _opening;
    private int _waiting;

    /// <summary>Creates the backend; nothing is sent to the store yet.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options contradict each other.</exception>
    protected SessionBackend(string strategy, LeaseOptions options, TimeProvider? time, ILogger logger)
        : base(strategy, options, time, logger)
    {
    }

    /// <summary>Over what time the looks are spread that all entries and observers take: after one lease come the next.</summary>
    protected virtual TimeSpan LooksTake => Options.LeaseDuration / 2;

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
    protected LeaseClock CreateClock(TimeSpan? granted = null) => CreateLeaseClock(granted);

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
                    if (session.TryAdd(election, candidateId) is not { } entry)
                        continue;
                    LookAround_NeedsLock();
                    return (session, entry);
                }
                opening = _opening ??= TrackAsync(Task.Run(OpenAsync, CancellationToken.None));
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

    internal void Observe(Waiter observer)
    {
        lock (_lock)
        {
            _observers.Add(observer);
            LookAround_NeedsLock();
        }
    }

    internal void Unobserve(Waiter observer)
    {
        lock (_lock) _observers.Remove(observer);
    }

    private void LookAround_NeedsLock()
    {
        if (_isLookingAround)
            return;
        _isLookingAround = true;
        InBackground(LookAroundAsync, isAwaited: false);
    }

    /// <summary>
    /// Has every entry, of leaders too, and every observer look again and again, whatever was heard, as long as there are any:
    /// an event may be lost, a watch may have died, and a store may be restored from a backup.
    /// </summary>
    private async Task LookAroundAsync()
    {
        while (true)
        {
            await DelayAsync(Options.LeaseDuration).ConfigureAwait(false);
            Waiter[] waiters;
            lock (_lock)
            {
                waiters = [.. _sessions.SelectMany(session => session.Entries), .. _observers];
                if (waiters is [] || IsDisposed)
                {
                    _isLookingAround = false;
                    return;
                }
            }
            foreach (var some in waiters.Chunk(LooksAtOnce))
            {
                foreach (var waiter in some)
                    waiter.Changed();
                await DelayAsync(LooksTake * some.Length / waiters.Length).ConfigureAwait(false);
            }
        }
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

    private protected override (StoreBackend First, StoreBackend Second) CreateStage() => QueueStage.CreatePair();

    private protected override void WakeAll()
    {
        foreach (var session in Sessions())
            session.WakeAll();
    }

    private protected override Task ResignAllAsync() => Leadership.ResignAllAsync([.. Sessions().SelectMany(s => s.Leaderships)]);

    private protected override ValueTask EndAsync()
    {
        foreach (var session in Sessions())
            session.End(this);
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
                session.End(this);
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
            if (_sessions.Count < 2 || session.Entries is not [])
                return;
        }
        session.End(this);
    }

    private Session[] Sessions()
    {
        lock (_lock) return [.. _sessions];
    }
}
