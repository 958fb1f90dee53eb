namespace LeaderElection.Leases;

/// <summary>
/// The leases of other processes as this one has seen them, and when they run out if nothing more is heard of them.
/// One timer for all.
/// </summary>
internal sealed class LeaseWatch : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Dictionary<string, Watched> _watched = [];
    private bool _disposed;

    public LeaseWatch(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static self => ((LeaseWatch)self!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many seats wait for a lease to end.</summary>
    public int FollowerCount
    {
        get { lock (_lock) return _watched.Values.Sum(w => w.Seats.Count); }
    }

    /// <summary>The seat follows a leader with this lease, and is woken when the lease runs out.</summary>
    public void Follow(LeaseSeat seat, string leaseId, TimeSpan remaining)
    {
        lock (_lock)
        {
            Unfollow_NeedsLock(seat);
            if (!_watched.TryGetValue(leaseId, out var watched))
                _watched.Add(leaseId, watched = new Watched(leaseId, leaseId));
            // The store's word counts, also when it is shorter than what was thought.
            watched.RunsOutAt = After(remaining);
            Add_NeedsLock(watched, seat, remaining);
        }
    }

    /// <summary>
    /// The seat waits out the lease that it follows without hearing more of it: the lease may live on for other
    /// elections, while its holder can believe in this one for at most that long.
    /// </summary>
    /// <param name="remaining">How long; where it waits already, it does not wait longer for that.</param>
    public void WaitOut(LeaseSeat seat, TimeSpan remaining)
    {
        lock (_lock)
        {
            if (seat.Watched is { IsWaitedOut: true } waits && waits.RunsOutAt <= After(remaining))
                return;
            var (leaseId, longest) = (seat.Watched?.LeaseId ?? "", seat.Watched?.Longest ?? TimeSpan.Zero);
            Unfollow_NeedsLock(seat);
            var key = $"{leaseId}/{Guid.NewGuid():N}";
            var watched = new Watched(key, leaseId) { RunsOutAt = After(remaining), Longest = longest };
            _watched.Add(key, watched);
            Add_NeedsLock(watched, seat, remaining);
        }
    }

    /// <summary>The seat follows nobody any more.</summary>
    public void Unfollow(LeaseSeat seat)
    {
        lock (_lock) Unfollow_NeedsLock(seat);
    }

    /// <summary>
    /// The lease that the seat follows and that has not run out, and about how long it lasts; <see langword="null"/> if
    /// there is none.
    /// </summary>
    public (string Id, TimeSpan Duration)? LivingLease(LeaseSeat seat)
    {
        lock (_lock)
            return seat.Watched is { } watched && watched.RunsOutAt > _time.GetTimestamp() ? (watched.LeaseId, watched.Longest) : null;
    }

    /// <summary>The lease was seen alive, and runs at least this long from now, or for as long as it ever did.</summary>
    public void Alive(string leaseId, TimeSpan? heard)
    {
        lock (_lock)
        {
            if (!_watched.TryGetValue(leaseId, out var watched))
                return;
            var remaining = heard ?? watched.Longest;
            watched.RunsOutAt = Math.Max(watched.RunsOutAt, After(remaining));
            Seen_NeedsLock(watched, remaining);
        }
    }

    /// <summary>Wakes those who follow this lease: something happened to it.</summary>
    /// <param name="ended">Whether it is certain that its holder has given it up.</param>
    public void Wake(string leaseId, bool ended)
    {
        LeaseSeat[] seats;
        lock (_lock)
        {
            if (!_watched.TryGetValue(leaseId, out var watched))
                return;
            seats = [.. watched.Seats];
            if (ended)
                Drop_NeedsLock(watched);
        }
        foreach (var seat in seats)
            seat.Signal.Set();
    }

    public void Dispose()
    {
        lock (_lock) _disposed = true;
        _timer.Dispose();
    }

    private void OnTimer()
    {
        List<LeaseSeat>? seats = null;
        lock (_lock)
        {
            if (_disposed)
                return;
            var now = _time.GetTimestamp();
            foreach (var watched in _watched.Values.Where(w => w.RunsOutAt <= now).ToArray())
            {
                foreach (var seat in watched.Seats)
                    seat.LeaderGoneSince = watched.LastSeenAt;
                (seats ??= []).AddRange(watched.Seats);
                Drop_NeedsLock(watched);
            }
            ArmTimer_NeedsLock();
        }
        foreach (var seat in seats ?? [])
            seat.Signal.Set();
    }

    private void Add_NeedsLock(Watched watched, LeaseSeat seat, TimeSpan remaining)
    {
        Seen_NeedsLock(watched, remaining);
        watched.Seats.Add(seat);
        seat.Watched = watched;
        seat.LeaderGoneSince = null;
        ArmTimer_NeedsLock();
    }

    private void Seen_NeedsLock(Watched watched, TimeSpan remaining)
    {
        watched.LastSeenAt = _time.GetTimestamp();
        watched.Longest = remaining > watched.Longest ? remaining : watched.Longest;
    }

    private void Drop_NeedsLock(Watched watched)
    {
        _watched.Remove(watched.Key);
        foreach (var seat in watched.Seats)
            seat.Watched = null;
    }

    private void Unfollow_NeedsLock(LeaseSeat seat)
    {
        if (seat.Watched is not { } watched)
            return;
        seat.Watched = null;
        watched.Seats.Remove(seat);
        if (watched.Seats.Count == 0)
            _watched.Remove(watched.Key);
    }

    private void ArmTimer_NeedsLock()
    {
        if (_watched.Count == 0 || _disposed)
            return;
        var next = _watched.Values.Min(w => w.RunsOutAt);
        _timer.Change(_time.TimerDelayUntil(next), Timeout.InfiniteTimeSpan);
    }

    private long After(TimeSpan span) => _time.GetTimestamp() + _time.ToTimestampTicks(span);

    /// <summary>One lease of another process.</summary>
    internal sealed class Watched(string key, string leaseId)
    {
        public string Key { get; } = key;

        public string LeaseId { get; } = leaseId;

        /// <summary>Whether a single seat waits for its end without hearing more of it.</summary>
        public bool IsWaitedOut => Key != LeaseId;

        /// <summary>The longest that it was ever said to have to run: about its full duration.</summary>
        public TimeSpan Longest { get; set; }

        public long RunsOutAt { get; set; }

        public long LastSeenAt { get; set; }

        public HashSet<LeaseSeat> Seats { get; } = [];
    }
}
