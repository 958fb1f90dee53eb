using System.Collections.Concurrent;
using LeaderElection.Telemetry;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Leases;

/// <summary>
/// What the strategies have in common whose leaders hold a lease: the one lease of this process and its renewal, the
/// leases of others and their end, and who is to be woken. A store adds five requests and its news.
/// </summary>
public abstract class LeaseBackend : IElectionBackend
{
    private static readonly TimeSpan LongestClose = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<LeaseSeat>> _seats = [];
    private readonly CancellationTokenSource _disposed = new();
    private readonly ConcurrentDictionary<Task, bool> _underWay = new();
    private HeldLease? _lease;

    /// <summary>Creates the backend; nothing is sent to the store yet.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options contradict each other.</exception>
    protected LeaseBackend(string strategy, LeaseOptions options, TimeProvider? time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.ThrowIfInvalid(strategy);
        Strategy = strategy;
        Options = options;
        Time = time ?? TimeProvider.System;
        Logger = logger;
        Watch = new LeaseWatch(Time);
    }

    /// <inheritdoc/>
    public string Strategy { get; }

    /// <summary>Where time comes from.</summary>
    protected internal TimeProvider Time { get; }

    /// <summary>Where trouble is logged.</summary>
    protected internal ILogger Logger { get; }

    /// <summary>
    /// How often a waiting seat looks by itself: never where the store notifies reliably.
    /// </summary>
    protected internal virtual TimeSpan PollInterval => Timeout.InfiniteTimeSpan;

    /// <summary>The pause between two looks at a store that does not notify.</summary>
    protected TimeSpan RetryPeriod => Options.EffectiveRetryPeriod;

    internal LeaseOptions Options { get; }

    internal LeaseWatch Watch { get; }

    /// <inheritdoc/>
    public IElection CreateElection(string name, string candidateId)
    {
        ThrowIfDisposed();
        return new LeaseElection(this, name, candidateId);
    }

    /// <inheritdoc/>
    public async ValueTask PingAsync(CancellationToken cancellationToken = default) =>
        await RequestAsync(
            async stop =>
            {
                await PingStoreAsync(stop).ConfigureAwait(false);
                return true;
            },
            Options.LeaseDuration).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Resigns from everything, and closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_disposed.IsCancellationRequested)
                return;
            _disposed.Cancel();
        }
        // Whoever still waits learns that there is nothing to wait for.
        OnReconnected();
        await ResignAllAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(_underWay.Keys).WaitAsync(LongestClose, Time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or ElectionStoreException or OperationCanceledException)
        {
            // A store that does not answer now ends our lease by itself.
        }
        // A claim that was under way may have been won.
        await ResignAllAsync().ConfigureAwait(false);
        Watch.Dispose();
        await CloseAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
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

    /// <summary>Asks the store for a sign of life.</summary>
    protected abstract ValueTask PingStoreAsync(CancellationToken cancellationToken);

    /// <summary>Closes the connection.</summary>
    protected abstract ValueTask CloseAsync();

    /// <summary>Logs what the user should know about the store.</summary>
    protected void StoreWarning(string message) => Logger.StoreWarning(Strategy, message);

    /// <summary>News: the election changed in some way.</summary>
    protected void OnChanged(string election)
    {
        LeaseSeat[] seats;
        lock (_lock)
        {
            if (!_seats.TryGetValue(election, out var waiting))
                return;
            seats = [.. waiting];
        }
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
        LeaseSeat[] seats;
        lock (_lock) seats = [.. _seats.Values.SelectMany(waiting => waiting)];
        foreach (var seat in seats)
            seat.Signal.Set();
    }

    internal LeaseSeat Join(string election)
    {
        var seat = new LeaseSeat(election);
        lock (_lock)
        {
            if (!_seats.TryGetValue(election, out var seats))
                _seats.Add(election, seats = []);
            seats.Add(seat);
        }
        return seat;
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

    /// <summary>Runs a request to the store: bounded, and open to fault injection.</summary>
    internal async ValueTask<T> RequestAsync<T>(Func<CancellationToken, ValueTask<T>> request, TimeSpan bound)
    {
        using var stop = new CancellationTokenSource(bound > TimeSpan.Zero ? bound : TimeSpan.FromTicks(1), Time);
        try
        {
            if (Options.BeforeRequest is { } before)
                await before(stop.Token).ConfigureAwait(false);
            return await request(stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (stop.IsCancellationRequested)
        {
            throw new ElectionStoreException($"no answer from the store within {bound.TotalSeconds:0.###} s", isTransient: true, e);
        }
    }

    /// <summary>
    /// Tells the store. While that fails it is tried again in the background for as long as a lease lives: after that
    /// there is nothing left to give back.
    /// </summary>
    internal async ValueTask ReleaseAsync(LeaseRelease release)
    {
        var bound = Options.LeaseDuration;
        var start = Time.GetTimestamp();
        try
        {
            await TellAsync().ConfigureAwait(false);
        }
        catch (ElectionStoreException e) when (e.IsTransient)
        {
            Logger.StoreWarning(Strategy, $"could not give back {release.Claim?.Election ?? "the lease"}: {e.Message}");
            InBackground(RetryAsync);
            throw;
        }

        async ValueTask TellAsync() => await RequestAsync(
            async stop =>
            {
                await GiveBackAsync(release, stop).ConfigureAwait(false);
                return true;
            },
            bound).ConfigureAwait(false);

        async Task RetryAsync()
        {
            var backoff = new Backoff(TimeSpan.FromMilliseconds(100), Options.EffectiveRetryPeriod);
            // While other leaderships keep the lease alive, so does an entry that was not given back.
            while (Time.GetElapsedTime(start) < bound || (!release.EndsLease && CurrentLease()?.Id == release.LeaseId))
            {
                await Task.Delay(backoff.Next(), Time, _disposed.Token).ConfigureAwait(false);
                try
                {
                    await TellAsync().ConfigureAwait(false);
                    return;
                }
                catch (ElectionStoreException e) when (e.IsTransient)
                {
                    // The first failure was logged; the campaigns and renewals tell the rest.
                }
            }
        }
    }

    /// <summary>Starts work that nobody waits for but the end of the backend; trouble with the store has been logged where it happened.</summary>
    internal void InBackground(Func<Task> work)
    {
        _ = Track(Task.Run(RunAsync));

        async Task RunAsync()
        {
            try
            {
                await work().ConfigureAwait(false);
            }
            catch (Exception e) when (e is ElectionStoreException or OperationCanceledException)
            {
            }
        }
    }

    /// <summary>Has the end of the backend wait for a task.</summary>
    internal Task<T> Track<T>(Task<T> task)
    {
        Track((Task)task);
        return task;
    }

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);

    private Task Track(Task task)
    {
        _underWay.TryAdd(task, true);
        _ = task.ContinueWith(
            static (done, set) => ((ConcurrentDictionary<Task, bool>)set!).TryRemove(done, out _),
            _underWay, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return task;
    }

    private async Task ResignAllAsync()
    {
        if (CurrentLease() is { } lease)
            await lease.ResignAllAsync().ConfigureAwait(false);
    }

    private HeldLease? CurrentLease()
    {
        lock (_lock) return _lease is { IsRetired: false } ? _lease : null;
    }
}
