using System.Diagnostics;
using LeaderElection.Leases;
using LeaderElection.Telemetry;

namespace LeaderElection;

/// <summary>One term of leadership.</summary>
/// <remarks>
/// Do the leader's work under <see cref="Lost"/>, look at <see cref="IsValid"/> before each effect on the world, and
/// give the resource <see cref="FencingToken"/> to check: no lease can protect a resource that accepts whatever
/// arrives. Work started with <see cref="RunAsync"/> is waited for before the store lets another lead. One that is dropped
/// without being disposed of goes on being renewed, and nobody else leads, until its seat or its backend is disposed of, or
/// the process ends. Thread-safe.
/// </remarks>
public sealed class Leadership : IAsyncDisposable
{
    /// <summary>What stands in for a strategy that does not say.</summary>
    private static readonly TimeSpan DefaultDrainTimeout = TimeSpan.FromSeconds(30);

    private static readonly AsyncLocal<Work?> CurrentWork = new();

    private readonly Lock _lock = new();
    private readonly LeaseClock _lease;
    private readonly Func<CancellationToken, ValueTask> _release;
    private readonly CancellationTokenSource _lost = new();
    private readonly TimeSpan _drainTimeout;
    private List<Action<Leadership, LeadershipEnd>>? _ended = [];
    private List<Task>? _work;
    private Task? _resigning;
    private LeadershipEnd? _end;

    /// <summary>Creates a term of leadership. For authors of election strategies.</summary>
    /// <param name="electionName">The election.</param>
    /// <param name="candidateId">The leader.</param>
    /// <param name="fencingToken">Greater than zero, and than that of every earlier leadership of the election.</param>
    /// <param name="electedAt">When it was elected, by a wall clock; for people to read.</param>
    /// <param name="lease">The clock of the lease that the leadership hangs on; others may hang on the same.</param>
    /// <param name="release">
    /// Gives the leadership back to the store. Called at most once, after the work has stopped; until then the strategy goes
    /// on renewing the lease.
    /// </param>
    /// <param name="drainTimeout">How long the work may take to stop, see <see cref="LeaseOptions.DrainTimeout"/>.</param>
    public Leadership(
        string electionName, string candidateId, long fencingToken, DateTimeOffset electedAt,
        LeaseClock lease, Func<CancellationToken, ValueTask> release, TimeSpan? drainTimeout = null)
    {
        ArgumentNullException.ThrowIfNull(lease);
        ArgumentNullException.ThrowIfNull(release);
        ArgumentOutOfRangeException.ThrowIfLessThan(fencingToken, 1);
        ElectionName = electionName;
        CandidateId = candidateId;
        FencingToken = fencingToken;
        ElectedAt = electedAt;
        _lease = lease;
        _release = release;
        _drainTimeout = drainTimeout ?? DefaultDrainTimeout;
        Lost = _lost.Token;
        if (!lease.Attach(this))
            End(LeadershipEnd.LeaseRanOut);
    }

    /// <summary>
    /// The leadership under which the calling code works: within <see cref="RunAsync"/>, and so within a
    /// <see cref="Hosting.LeaderService"/>; <see langword="null"/> elsewhere. It may have ended meanwhile.
    /// </summary>
    public static Leadership? Current => CurrentWork.Value?.Leadership;

    /// <summary>The election.</summary>
    public string ElectionName { get; }

    /// <summary>The leader.</summary>
    public string CandidateId { get; }

    /// <summary>Greater than zero, and than that of every earlier leadership of this election.</summary>
    public long FencingToken { get; }

    /// <summary>When this candidate was elected, by a wall clock; for people to read, never to decide by.</summary>
    public DateTimeOffset ElectedAt { get; }

    /// <summary>
    /// Cancelled before anyone else can be elected: on resignation, when the lease could not be confirmed in time, or
    /// when the store no longer names this leader. Its callbacks run on the thread pool: where a program blocks that, they come
    /// late, while <see cref="IsValid"/> and the token itself do not.
    /// </summary>
    public CancellationToken Lost { get; }

    /// <summary>
    /// Whether this candidate still leads. Reads the clock: right even when the process was frozen a moment ago and
    /// no timer has fired since, so look here before each effect on the world.
    /// </summary>
    public bool IsValid => EndReason is null && _lease.IsValid;

    /// <summary>For how long <see cref="IsValid"/> holds without another renewal; zero when it does not.</summary>
    public TimeSpan LeaseRemaining => EndReason is null ? _lease.Remaining : TimeSpan.Zero;

    /// <summary>
    /// The trace of <c>became leader</c>, for what the leader does to be linked to; the default where nobody listens to
    /// <see cref="ElectionTelemetry.Name"/>, and in the moment before it has been told.
    /// </summary>
    public ActivityContext TraceContext => Told?.Context ?? default;

    /// <summary>How long the store keeps the lease after each renewal.</summary>
    public TimeSpan LeaseDuration => _lease.Duration;

    /// <summary>Why it ended; <see langword="null"/> while it has not.</summary>
    public LeadershipEnd? EndReason
    {
        get { lock (_lock) return _end; }
    }

    /// <summary>The activity <c>became leader</c>.</summary>
    internal Activity? Told { get; set; }

    /// <summary>Completes when the callbacks of <see cref="Lost"/> have run; with what they threw.</summary>
    internal Task Callbacks { get; private set; } = Task.CompletedTask;

    /// <summary>
    /// Calls back once, on the thread pool, after <see cref="Lost"/> was cancelled. What one throws, no other and no caller
    /// gets to see.
    /// </summary>
    internal void WhenEnded(Action<Leadership, LeadershipEnd> ended)
    {
        lock (_lock)
        {
            if (_ended is not null)
            {
                _ended.Add(ended);
                return;
            }
        }
        Call(ended);
    }

    /// <summary>
    /// Runs the leader's work and registers it, so that a resignation waits until it has stopped before it tells the store.
    /// </summary>
    /// <param name="work">The work; it gets <see cref="Lost"/>, and should stop soon when that is cancelled.</param>
    /// <exception cref="OperationCanceledException">The leadership had ended already, or the work was cancelled.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_end is not null)
                throw new OperationCanceledException($"Leadership of '{ElectionName}' has ended: {_end}.", Lost);
            (_work ??= []).Add(stopped.Task);
        }
        CurrentWork.Value = new Work(this, CurrentWork.Value);
        try
        {
            await work(Lost).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock) _work!.Remove(stopped.Task);
            stopped.SetResult();
        }
    }

    /// <summary>
    /// Hands over: cancels <see cref="Lost"/>, waits until the work that was started with <see cref="RunAsync"/> has
    /// stopped, and only then gives the leadership back to the store. When it returns, a waiting candidate is elected
    /// without waiting for any lease.
    /// </summary>
    /// <remarks>
    /// The lease goes on being renewed while the work stops. Work that has not stopped within
    /// <see cref="LeaseOptions.DrainTimeout"/> is logged as an error, and the leadership is given back all the same.
    /// Called from within the work itself it returns at once, and the leadership is given back when the work has
    /// returned. Calling it again, or after the leadership was lost, changes nothing.
    /// </remarks>
    /// <param name="cancellationToken">Stops the waiting, not the resignation.</param>
    /// <exception cref="ElectionStoreException">The store could not be told; the lease ends the leadership there.</exception>
    public async ValueTask ResignAsync(CancellationToken cancellationToken = default)
    {
        if (BeginResigning() is { } begun)
            _ = FinishResigningAsync(begun);
        if (!IsWithinWork)
            await _resigning!.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Resigns from all: every leader is told before the store hears of any.</summary>
    internal static async Task ResignAllAsync(IReadOnlyCollection<Leadership> leaderships)
    {
        var begun = leaderships.Select(leadership => (leadership, leadership.BeginResigning())).ToArray();
        foreach (var (leadership, resignation) in begun)
        {
            if (resignation is { } begins)
                _ = leadership.FinishResigningAsync(begins);
        }
        await Task.WhenAll(leaderships.Select(leadership => leadership.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    /// <summary>Resigns; trouble in telling the store is logged, not thrown: the lease ends the leadership there.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await ResignAsync().ConfigureAwait(false);
        }
        catch (ElectionStoreException)
        {
            // The strategy has logged it, and goes on trying in the background.
        }
    }

    /// <summary>Ends the term, cancelling <see cref="Lost"/>. For authors of election strategies.</summary>
    /// <returns>Whether this call ended it.</returns>
    public bool End(LeadershipEnd reason)
    {
        if (!Cancel(reason))
            return false;
        Announce();
        return true;
    }

    /// <summary>Ends several: the tokens of all are cancelled before anything else is done about any.</summary>
    internal static void EndAll(IEnumerable<Leadership> leaderships, LeadershipEnd reason)
    {
        foreach (var ended in leaderships.Where(leadership => leadership.Cancel(reason)).ToArray())
            ended.Announce();
    }

    /// <summary>Ends the term; what is to follow is left to <see cref="Announce"/>.</summary>
    private bool Cancel(LeadershipEnd reason)
    {
        lock (_lock)
        {
            if (_end is not null)
                return false;
            _end = reason;
        }
        // The token reads as cancelled when this returns; callbacks run elsewhere, so that a slow one holds up nobody.
        Callbacks = _lost.CancelAsync().Observed();
        _lease.Detach(this);
        return true;
    }

    private void Announce()
    {
        List<Action<Leadership, LeadershipEnd>> ended;
        lock (_lock)
        {
            ended = _ended!;
            _ended = null;
        }
        foreach (var handler in ended)
            Call(handler);
    }

    private void Call(Action<Leadership, LeadershipEnd> ended) => _ = Task.Run(() => ended(this, EndReason!.Value));

    /// <summary>Cancels <see cref="Lost"/>, if nobody has resigned yet.</summary>
    /// <returns>What is to be finished, and whether the leadership had not ended before: then it is to be given back.</returns>
    private (TaskCompletionSource Done, bool EndsTheTerm)? BeginResigning()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_resigning is not null)
                return null;
            _resigning = done.Task;
        }
        return (done, Cancel(LeadershipEnd.Resigned));
    }

    private async Task FinishResigningAsync((TaskCompletionSource Done, bool EndsTheTerm) resignation)
    {
        try
        {
            if (resignation.EndsTheTerm)
            {
                Announce();
                await DrainAsync().ConfigureAwait(false);
                await _release(CancellationToken.None).ConfigureAwait(false);
            }
            resignation.Done.SetResult();
        }
        catch (Exception e)
        {
            resignation.Done.SetException(e);
            // Whoever waits sees it; a resignation from within the work has nobody waiting.
            _ = resignation.Done.Task.Exception;
        }
    }

    /// <summary>Called when the work has not stopped in time, with what it had.</summary>
    internal Action<TimeSpan>? StillWorks { get; set; }

    /// <summary>Waits until the work that was started with <see cref="RunAsync"/> has stopped, or the time for that is over.</summary>
    internal async Task DrainAsync()
    {
        if (!await WaitForWorkAsync(_drainTimeout).ConfigureAwait(false))
            StillWorks?.Invoke(_drainTimeout);
    }

    /// <summary>Waits until the work that was started with <see cref="RunAsync"/> has stopped.</summary>
    /// <param name="bound">At most this long.</param>
    /// <returns>Whether it has.</returns>
    internal async Task<bool> WaitForWorkAsync(TimeSpan bound)
    {
        Task work;
        lock (_lock)
        {
            if (_work is null or [])
                return true;
            work = Task.WhenAll(_work);
        }
        await work.WaitAsync(bound, _lease.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return work.IsCompleted;
    }

    private bool IsWithinWork
    {
        get
        {
            for (var work = CurrentWork.Value; work is not null; work = work.Outer)
            {
                if (work.Leadership == this)
                    return true;
            }
            return false;
        }
    }

    /// <summary>The work that the calling code belongs to; work of one leadership may run work of another.</summary>
    private sealed record Work(Leadership Leadership, Work? Outer);
}
