using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using LeaderElection.Rehearsing;
using LeaderElection.Telemetry;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Leases;

/// <summary>
/// What the backends of all stores have in common: requests that are bounded and open to fault injection, work in the
/// background, and an end that resigns from everything.
/// </summary>
public abstract class StoreBackend : IElectionBackend
{
    /// <summary>What a store answers within a fraction of any lease: the claims of thousands of elections are not to stand before the renewals there.</summary>
    private const int MostClaimsAtOnce = 250;

    private static readonly TimeSpan LongestClose = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _turns = new(MostClaimsAtOnce);
    private readonly CancellationTokenSource _disposed = new();
    private readonly ConcurrentDictionary<Task, bool> _underWay = new();
    private readonly Action<TimeSpan> _pool;
    private CancellationTokenSource? _spareStop;
    private bool _isDisposing;
    private bool _isRehearsed;

    private protected StoreBackend(string strategy, LeaseOptions options, TimeProvider? time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.ThrowIfInvalid(strategy);
        Strategy = strategy;
        Options = options;
        Time = SystemTime.Or(time);
        Logger = QueuedLogger.Of(logger);
        _pool = waited => logger.PoolIsStarved(strategy, Math.Round(waited.TotalSeconds, 1));
    }

    /// <inheritdoc/>
    public string Strategy { get; }

    /// <summary>Where time comes from: where the system's was meant, a clock that goes on while the machine is suspended.</summary>
    protected internal TimeProvider Time { get; }

    /// <summary>Where trouble is logged.</summary>
    protected internal ILogger Logger { get; }

    internal LeaseOptions Options { get; }

    /// <summary>How many seats wait for another's leadership to end.</summary>
    internal abstract int FollowerCount { get; }

    /// <inheritdoc/>
    public abstract IElection CreateElection(string name, string candidateId);

    /// <inheritdoc/>
    public async ValueTask PingAsync(CancellationToken cancellationToken = default) =>
        await RequestAsync(PingStoreAsync, Options.LeaseDuration).AsTask().Observed().WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Resigns from everything, and closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        // Not under a lock: what is called off goes on within.
        if (Interlocked.Exchange(ref _isDisposing, true))
            return;
        await _disposed.CancelAsync().ConfigureAwait(false);
        // Whoever still waits learns that there is nothing to wait for.
        WakeAll();
        await ResignAllAsync().ConfigureAwait(false);
        await WaitForBackgroundAsync().ConfigureAwait(false);
        // What was under way may have been won.
        await ResignAllAsync().ConfigureAwait(false);
        await EndAsync().ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
        // The last lines, while there still is somebody to write them.
        await ((QueuedLogger)Logger).WhenIdleAsync().WaitAsync(LongestClose, Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        GC.SuppressFinalize(this);
    }

    /// <summary>Asks the store for a sign of life.</summary>
    protected abstract ValueTask PingStoreAsync(CancellationToken cancellationToken);

    /// <summary>Closes the connection.</summary>
    protected abstract ValueTask CloseAsync();

    /// <summary>Logs what the user should know about the store.</summary>
    protected void StoreWarning(string message) => Logger.StoreWarning(Strategy, message);

    /// <summary>Has everybody who waits look again.</summary>
    private protected abstract void WakeAll();

    private protected abstract Task ResignAllAsync();

    /// <summary>Gives up what is left, before the connection closes.</summary>
    private protected abstract ValueTask EndAsync();

    /// <summary>Waits for what is under way, but not for long: a store that does not answer now ends our lease by itself.</summary>
    private protected async ValueTask WaitForBackgroundAsync()
    {
        // What is under way may begin more.
        await EndAllAsync().WaitAsync(LongestClose, Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        async Task EndAllAsync()
        {
            while (_underWay.Keys.Where(task => !task.IsCompleted).ToArray() is [_, ..] left)
                await Task.WhenAll(left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A campaign begins: the first one has what it will need prepared, in a while.</summary>
    internal void Prepare()
    {
        if (!Interlocked.Exchange(ref _isRehearsed, true))
            Rehearsal.Later(this, CreateStage);
    }

    /// <summary>Two processes' shares in a store in memory, on which the backend's engine is rehearsed.</summary>
    private protected virtual (StoreBackend First, StoreBackend Second) CreateStage() => LeaseStage.CreatePair();

    /// <summary>Waits until a campaign may put its claim to the store; dispose the turn when that has answered.</summary>
    internal async ValueTask<Turn> TurnAsync(CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Turn(_turns);
    }

    /// <summary>Runs a request to the store: bounded, and open to fault injection. It allocates nothing once it has run a few times.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<T> RequestAsync<T>(Func<CancellationToken, ValueTask<T>> request, TimeSpan bound)
    {
        var stop = StopAfter(bound);
        var succeeded = false;
        try
        {
            if (Options.BeforeRequest is { } before)
                await before(stop.Token).ConfigureAwait(false);
            var reply = await request(stop.Token).ConfigureAwait(false);
            succeeded = true;
            return reply;
        }
        catch (OperationCanceledException e)
        {
            // Nobody else calls a request off. A store's client that does so by itself, at a time-out of its own, has had no answer either.
            throw new ElectionStoreException(
                stop.IsCancellationRequested ? $"no answer from the store within {bound.TotalSeconds:0.###} s" : "the store's client gave the request up",
                isTransient: true,
                e);
        }
        finally
        {
            // What failed may have left work behind that still looks at it.
            if (!succeeded || !stop.TryReset() || Interlocked.CompareExchange(ref _spareStop, stop, null) is not null)
                stop.Dispose();
        }
    }

    /// <inheritdoc cref="RequestAsync{T}"/>
    internal async ValueTask RequestAsync(Func<CancellationToken, ValueTask> request, TimeSpan bound) => await RequestAsync(
        async stop =>
        {
            await request(stop).ConfigureAwait(false);
            return true;
        },
        bound).ConfigureAwait(false);

    /// <summary>Tells the store that something is given back. While it gives no answer it is tried again in the background for as long as it matters.</summary>
    /// <param name="what">What is given back, for the log.</param>
    /// <param name="tell">Tells it.</param>
    /// <param name="matters">Whether there is still something to give back.</param>
    /// <param name="giveUp">Called when the store refuses, which trying again does not mend: what keeps the thing alive there must end.</param>
    internal async ValueTask TellAsync(string what, Func<CancellationToken, ValueTask> tell, Func<bool> matters, Action giveUp)
    {
        try
        {
            await RequestAsync(tell, Options.LeaseDuration).ConfigureAwait(false);
        }
        catch (ElectionStoreException e) when (e.IsTransient)
        {
            Logger.StoreWarning(Strategy, $"could not give back {what}: {e.Message}");
            InBackground(RetryAsync);
            throw;
        }
        catch (Exception e)
        {
            Refused(e);
            throw;
        }

        void Refused(Exception e)
        {
            Logger.StoreWarning(Strategy, $"the store refuses that {what} is given back; it is free once its lease has run out there: {e.Message}");
            giveUp();
        }

        async Task RetryAsync()
        {
            var backoff = CreateBackoff();
            while (matters())
            {
                await Task.Delay(backoff.Next(), Time, _disposed.Token).ConfigureAwait(false);
                try
                {
                    await RequestAsync(tell, Options.LeaseDuration).ConfigureAwait(false);
                    return;
                }
                catch (ElectionStoreException e) when (e.IsTransient)
                {
                    // The first failure was logged; the campaigns and renewals tell the rest.
                }
                catch (Exception e)
                {
                    Refused(e);
                    return;
                }
            }
        }
    }

    /// <summary>Starts work that nobody waits for but the end of the backend; trouble with the store has been logged where it happened.</summary>
    /// <param name="work">The work.</param>
    /// <param name="isAwaited">Whether the end of the backend waits for it.</param>
    internal void InBackground(Func<Task> work, bool isAwaited = true)
    {
        var running = Task.Run(RunAsync);
        if (isAwaited)
            Track(running);

        async Task RunAsync()
        {
            try
            {
                await work().ConfigureAwait(false);
            }
            catch (Exception e) when (e is ElectionStoreException or OperationCanceledException or ObjectDisposedException)
            {
            }
        }
    }

    /// <summary>Has the end of the backend wait for a task.</summary>
    internal Task<T> TrackAsync<T>(Task<T> task)
    {
        Track(task);
        return task;
    }

    /// <summary>The bound of a request: used again where the clock is the system's, which alone lets a timer be taken back safely.</summary>
    private CancellationTokenSource StopAfter(TimeSpan bound)
    {
        if (bound < TimeSpan.FromMilliseconds(1) || Interlocked.Exchange(ref _spareStop, null) is not { } spare)
            return new CancellationTokenSource(bound > TimeSpan.Zero ? bound : TimeSpan.FromTicks(1), Time);
#pragma warning disable RS0030 // Its timer is still the one of the clock that it was made with.
        spare.CancelAfter(bound);
#pragma warning restore RS0030
        return spare;
    }

    /// <summary>A clock for a lease that is not confirmed yet.</summary>
    /// <param name="granted">For how long the store keeps it, if that is not what the options say.</param>
    internal LeaseClock CreateLeaseClock(TimeSpan? granted = null)
    {
        var duration = granted ?? Options.LeaseDuration;
        var margin = Options.EffectiveSafetyMargin * Math.Min(1, duration / Options.LeaseDuration);
        return new LeaseClock(Time, duration, Options.ClockDrift, margin) { PoolIsStarved = _pool };
    }

    internal Backoff CreateBackoff() => new(TimeSpan.FromMilliseconds(100), Options.EffectiveRetryPeriod);

    /// <summary>Waits, at most until the backend is disposed.</summary>
    internal async Task DelayAsync(TimeSpan span) =>
        await Task.Delay(span, Time, _disposed.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    internal bool IsDisposed => _disposed.IsCancellationRequested;

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(IsDisposed, this);

    /// <inheritdoc cref="TrackAsync{T}"/>
    internal void Track(Task task)
    {
        _underWay.TryAdd(task, true);
        _ = task.ContinueWith(
            static (done, set) =>
            {
                // Seen, also when whoever waited for it has gone.
                _ = done.Exception;
                ((ConcurrentDictionary<Task, bool>)set!).TryRemove(done, out _);
            },
            _underWay, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>One of the claims that may be under way at once.</summary>
    internal readonly struct Turn(SemaphoreSlim turns) : IDisposable
    {
        public void Dispose() => turns.Release();
    }
}
