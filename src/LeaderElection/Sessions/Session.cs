using LeaderElection.Leases;
using LeaderElection.Telemetry;

namespace LeaderElection.Sessions;

/// <summary>
/// The session of this process at the store (a lease of etcd, a session of ZooKeeper), and all that hangs on it: the
/// store deletes its entries when it ends. One for all elections of the process. For authors of election strategies.
/// </summary>
public abstract class Session
{
    private readonly Lock _lock = new();
    private readonly List<QueueEntry> _entries = [];
    private readonly Dictionary<QueueEntry, Leadership> _leaderships = [];
    private RenewalLoop? _renewals;
    private bool _ended;

    /// <summary>Creates a session that the store has confirmed.</summary>
    /// <param name="clock">Its clock, confirmed as of before the request was sent that opened it.</param>
    protected Session(LeaseClock clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        Clock = clock;
    }

    /// <summary>Decides how long this process may believe in the session, and with it in its leaderships.</summary>
    public LeaseClock Clock { get; }

    /// <summary>Whether a leadership hangs on the session.</summary>
    protected bool IsLeading
    {
        get { lock (_lock) return _leaderships.Count > 0; }
    }

    /// <summary>Whether the store's layout has room for one entry of an election in a session only; a second seat then gets a session of its own.</summary>
    protected virtual bool HasOneEntryPerElection => false;

    /// <summary>Makes an entry; nothing is sent to the store yet.</summary>
    protected internal abstract QueueEntry CreateEntry(string election, string candidateId);

    /// <summary>
    /// Puts the entry at the end of the queue, sets its token, and looks. After a lost reply it is called again, with
    /// the same entry: what an earlier call put there is found, not put there twice.
    /// </summary>
    protected internal abstract ValueTask<QueuePlace> JoinAsync(QueueEntry entry, CancellationToken cancellationToken);

    /// <summary>
    /// Looks where the entry stands, reading it back: it may be gone. Before it answers, it sees to it that
    /// <see cref="Waiter.Changed"/> is called when the entry, or the one before it, goes.
    /// </summary>
    protected internal abstract ValueTask<QueuePlace> LookAsync(QueueEntry entry, CancellationToken cancellationToken);

    /// <summary>Deletes the entry if it is there, also one whose joining was never answered.</summary>
    protected internal abstract ValueTask LeaveAsync(QueueEntry entry, CancellationToken cancellationToken);

    /// <summary>Renews the session and confirms its <see cref="Clock"/>.</summary>
    /// <returns><see langword="false"/> when the store says that the session is gone.</returns>
    protected internal abstract ValueTask<bool> RenewAsync(CancellationToken cancellationToken);

    /// <summary>Ends the session at the store, which deletes what is left of its entries. Called once the <see cref="Clock"/> has ended.</summary>
    protected internal abstract ValueTask CloseAsync(CancellationToken cancellationToken);

    /// <summary>News: the store is back after an interruption, or a renewal is wanted at once.</summary>
    protected void RenewSoon() => _renewals?.RenewSoon();

    internal bool HasEnded => Clock.HasEnded;

    internal QueueEntry[] Entries
    {
        get { lock (_lock) return [.. _entries]; }
    }

    /// <summary>Begins to renew it.</summary>
    internal void Start(SessionBackend backend)
    {
        var renew = RenewAsync;
        _renewals = new RenewalLoop(backend, Clock, () => backend.RequestAsync(renew, RenewalLoop.AttemptOf(Clock)));
        Clock.Lost.UnsafeRegister(_ => End(backend), null);
        _ = _renewals.RunAsync(Clock.Lost);
    }

    /// <summary>An entry in this session, if there is room for it.</summary>
    internal QueueEntry? TryAdd(string election, string candidateId)
    {
        lock (_lock)
        {
            if (_ended || Clock.HasEnded || (HasOneEntryPerElection && _entries.Exists(e => e.Election == election)))
                return null;
            var entry = CreateEntry(election, candidateId);
            _entries.Add(entry);
            return entry;
        }
    }

    /// <summary>The entry is gone from the store.</summary>
    internal void Remove(QueueEntry entry)
    {
        entry.Dispose();
        lock (_lock) _entries.Remove(entry);
    }

    /// <summary>The candidate of this entry leads, as it was first in the queue.</summary>
    /// <returns>The leadership; <see langword="null"/> when the session has ended meanwhile.</returns>
    internal Leadership? Elect(SessionBackend backend, QueueEntry entry)
    {
        if (!Clock.IsValid)
            return null;
        var leadership = new Leadership(
            entry.Election, entry.CandidateId, entry.FencingToken, backend.Time.GetUtcNow(), Clock, _ => backend.LeaveAsync(this, entry),
            backend.Options.DrainTimeout);
        lock (_lock)
        {
            if (_ended)
                return null;
            _leaderships.Add(entry, leadership);
        }
        leadership.WhenEnded((_, reason) =>
        {
            lock (_lock) _leaderships.Remove(entry);
            // A resignation leaves the queue once the work has stopped, and the session's end takes all entries with it.
            if (reason == LeadershipEnd.Superseded)
                backend.InBackground(async () => await backend.LeaveAsync(this, entry).ConfigureAwait(false));
        });
        _ = GuardAsync(backend, entry, leadership);
        return leadership;
    }

    internal Leadership[] Leaderships
    {
        get { lock (_lock) return [.. _leaderships.Values]; }
    }

    /// <summary>Has every entry look again.</summary>
    internal void WakeAll()
    {
        foreach (var entry in Entries)
            entry.Changed();
    }

    /// <summary>Ends a leadership whose entry was taken away: by an operator's hand, or by a store that lost data.</summary>
    private async Task GuardAsync(SessionBackend backend, QueueEntry entry, Leadership leadership)
    {
        var backoff = backend.CreateBackoff();
        var wait = Timeout.InfiniteTimeSpan;
        while (true)
        {
            await entry.Signal.WaitAsync(wait, backend.Time, leadership.Lost).ConfigureAwait(false);
            if (!leadership.IsValid)
                return;
            try
            {
                if (await backend.RequestAsync(stop => LookAsync(entry, stop), backend.Options.LeaseDuration).ConfigureAwait(false) != QueuePlace.First)
                    leadership.End(LeadershipEnd.Superseded);
                wait = Timeout.InfiniteTimeSpan;
                backoff.Reset();
            }
            catch (Exception e)
            {
                // Whatever it is: a leader whose entry may be gone does not give up looking.
                wait = backoff.Next();
                backend.Logger.ObservingInTrouble(Log.Cause(e), entry.Election, backend.Strategy, e.Message);
            }
        }
    }

    /// <summary>Ends it, if that has not been done: the leaderships, the entries, and at the store.</summary>
    internal void End(SessionBackend backend)
    {
        Clock.Revoke();
        QueueEntry[] entries;
        lock (_lock)
        {
            if (_ended)
                return;
            _ended = true;
            entries = [.. _entries];
            _entries.Clear();
        }
        backend.Forget(this);
        foreach (var entry in entries)
        {
            entry.Dispose();
            entry.Changed();
        }
        // The store would end it by itself, but later.
        backend.CloseInBackground(this);
    }
}
