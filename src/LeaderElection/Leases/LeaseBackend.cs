using LeaderElection.Telemetry;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Leases;

/// <summary>
/// What the strategies have in common whose leaders hold a lease: the one lease of this process and its renewal, the
/// leases of others and their end, and who is to be woken. A store adds five requests and its news.
/// </summary>
public abstract class LeaseBackend : StoreBackend
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<LeaseSeat>> _seats = [];
    private HeldLease? _lease;
    private bool _isLookingAround;

    /// <summary>Creates the backend; nothing is sent to the store yet.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options contradict each other.</exception>
    protected LeaseBackend(string strategy, LeaseOptions options, TimeProvider? time, ILogger logger)
        : base(strategy, options, time, logger) => Watch = new LeaseWatch(Time);

    /// <summary>
    /// How often a waiting seat looks by itself: never where the store notifies. What a notification failed to tell is found
    /// by <see cref="LookAsync"/>, once per lease.
    /// </summary>
    protected internal virtual TimeSpan PollInterval => Timeout.InfiniteTimeSpan;

    /// <summary>The pause between two looks at a store that does not notify.</summary>
    protected TimeSpan RetryPeriod => Options.EffectiveRetryPeriod;

    internal LeaseWatch Watch { get; }

    internal override int FollowerCount => Watch.FollowerCount;

    /// <inheritdoc/>
    public override IElection CreateElection(string name, string candidateId)
    {
        ThrowIfDisposed();
        return new LeaseElection(this, name, candidateId);
    }

    /// <summary>
    /// Lets the claimant lead if nobody does, in one atomic step that also issues the fencing token and confirms the
    /// claimant's lease. A claim that was won already is answered as won, with the same token.
    /// </summary>
    protected internal abstract ValueTask<ClaimReply> ClaimAsync(LeaseClaim claim, CancellationToken cancellationToken);

    /// <summary>Renews the lease of this process, and checks that the claims that hang on it still hold their elections.</summary>
    protected internal abstract ValueTask<RenewReply> RenewAsync(string leaseId, IReadOnlyList<LeaseClaim> held, CancellationToken cancellationToken);

    /// <summary>Gives back an election, a lease, or both, if they are still ours. Tells those who wait.</summary>
    protected internal abstract ValueTask GiveBackAsync(LeaseRelease release, CancellationToken cancellationToken);

    /// <summary>Reads who leads; <see langword="null"/> when nobody does.</summary>
    protected internal abstract ValueTask<LeaseRecord?> ReadAsync(string election, CancellationToken cancellationToken);

    /// <summary>
    /// Whom the store names as the leaders of these elections, in the same order; <see langword="null"/> where it names
    /// nobody. Asked once per lease for all that candidates and observers of this process wait for: news may be lost, and a
    /// store may be restored from a backup. Whether a leader's lease lives need not be looked at.
    /// </summary>
    /// <remarks>As it is, it reads one after another. A store that can answer for many at once should.</remarks>
    protected internal virtual async ValueTask<IReadOnlyList<LeaseHolder?>> LookAsync(
        IReadOnlyList<string> elections, CancellationToken cancellationToken)
    {
        var holders = new LeaseHolder?[elections.Count];
        for (var i = 0; i < holders.Length; i++)
        {
            try
            {
                if (await ReadAsync(elections[i], cancellationToken).ConfigureAwait(false) is { } record)
                    holders[i] = new LeaseHolder(record.LeaseId, record.Leader.FencingToken);
            }
            catch (ElectionStoreException e) when (!e.IsTransient)
            {
                // Who waits for that one finds out; the others are not held up.
            }
        }
        return holders;
    }

    /// <summary>News: the election changed in some way.</summary>
    protected void OnChanged(string election)
    {
        var seats = Seats(election);
        foreach (var seat in seats)
        {
            seat.LeaderGoneSince = Time.GetTimestamp();
            seat.Signal.Set();
        }
    }

    /// <summary>News: somebody was elected under this token.</summary>
    protected void OnElected(string election, long fencingToken)
    {
        CurrentLease()?.Supersede(election, fencingToken);
        OnChanged(election);
    }

    /// <summary>News: the holder of this lease renewed it.</summary>
    /// <param name="remaining">How long it runs at least from now; <see langword="null"/> for as long as it ever did.</param>
    protected void OnLeaseAlive(string leaseId, TimeSpan? remaining = null) => Watch.Alive(leaseId, remaining);

    /// <summary>News: something happened to this lease, and who follows it should look.</summary>
    protected void OnLeaseTouched(string leaseId) => Watch.Wake(leaseId, ended: false);

    /// <summary>News: the holder of this lease has given it up.</summary>
    protected void OnLeaseEnded(string leaseId) => Watch.Wake(leaseId, ended: true);

    /// <summary>News: there may be more of it than was heard. Everybody looks, and an own lease is renewed at once.</summary>
    protected void OnReconnected()
    {
        CurrentLease()?.RenewSoon();
        WakeAll();
    }

    internal LeaseSeat Join(string election)
    {
        var seat = new LeaseSeat(election);
        lock (_lock)
        {
            if (!_seats.TryGetValue(election, out var seats))
                _seats.Add(election, seats = []);
            seats.Add(seat);
            if (!_isLookingAround)
            {
                _isLookingAround = true;
                InBackground(LookAroundAsync, isAwaited: false);
            }
        }
        return seat;
    }

    private LeaseSeat[] Seats(string election)
    {
        lock (_lock) return _seats.TryGetValue(election, out var seats) ? [.. seats] : [];
    }

    /// <summary>Looks once per lease, whatever was heard, and wakes whoever missed a change; as long as anybody waits.</summary>
    private async Task LookAroundAsync()
    {
        var backoff = CreateBackoff();
        var wait = Options.LeaseDuration;
        while (true)
        {
            await DelayAsync(wait).ConfigureAwait(false);
            string[] elections;
            lock (_lock)
            {
                if (_seats.Count == 0 || IsDisposed)
                {
                    _isLookingAround = false;
                    return;
                }
                elections = [.. _seats.Keys];
            }
            try
            {
                var holders = await RequestAsync(stop => LookAsync(elections, stop), Options.LeaseDuration).ConfigureAwait(false);
                for (var i = 0; i < elections.Length; i++)
                {
                    foreach (var seat in Seats(elections[i]))
                    {
                        if (seat.Holder != holders[i])
                            seat.Signal.Set();
                    }
                }
                backoff.Reset();
                wait = Options.LeaseDuration;
            }
            catch (Exception e)
            {
                // Campaigns and renewals tell of it as well; but this look is not given up.
                Logger.ObservingInTrouble(Log.Cause(e), "all that is waited for", Strategy, e.Message);
                wait = backoff.Next();
            }
        }
    }

    internal void Leave(LeaseSeat seat)
    {
        Watch.Unfollow(seat);
        lock (_lock)
        {
            if (_seats.TryGetValue(seat.Election, out var seats) && seats.Remove(seat) && seats.Count == 0)
                _seats.Remove(seat.Election);
        }
    }

    /// <summary>The lease to claim under: the current one, or a new one where that has ended. Call <see cref="HeldLease.Finish"/> after the claim.</summary>
    internal HeldLease BeginClaim()
    {
        lock (_lock)
        {
            ThrowIfDisposed();
            if (_lease is null || !_lease.TryBegin())
            {
                _lease = new HeldLease(this);
                _lease.TryBegin();
            }
            return _lease;
        }
    }

    /// <summary>Tells the store.</summary>
    internal ValueTask ReleaseAsync(LeaseRelease release)
    {
        var start = Time.GetTimestamp();
        return TellAsync(
            release.Claim?.Election ?? "the lease",
            stop => GiveBackAsync(release, stop),
            // After that there is nothing left to give back; but while other leaderships keep the lease alive, so does
            // an entry that was not given back.
            () => Time.GetElapsedTime(start) < Options.LeaseDuration || (!release.EndsLease && CurrentLease()?.Id == release.LeaseId),
            () =>
            {
                // Or the entry would live, and its election stand still, for as long as this process leads anything else.
                if (!release.EndsLease && CurrentLease() is { } lease && lease.Id == release.LeaseId)
                    lease.Clock.Revoke();
            });
    }

    private protected override void WakeAll()
    {
        LeaseSeat[] seats;
        lock (_lock) seats = [.. _seats.Values.SelectMany(waiting => waiting)];
        foreach (var seat in seats)
            seat.Signal.Set();
    }

    private protected override async Task ResignAllAsync()
    {
        HeldLease? lease;
        lock (_lock) lease = _lease;
        if (lease is not null)
            await lease.ResignAllAsync().ConfigureAwait(false);
    }

    private protected override ValueTask EndAsync()
    {
        Watch.Dispose();
        return default;
    }

    private HeldLease? CurrentLease()
    {
        lock (_lock) return _lease is { IsRetired: false } ? _lease : null;
    }
}
