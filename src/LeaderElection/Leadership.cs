using System.Diagnostics;
using LeaderElection.Leases;
using LeaderElection.Telemetry;

namespace LeaderElection;

/// <summary>One term of leadership.</summary>
/// <remarks>
/// Do the leader's work under <see cref="Lost"/>, look at <see cref="IsValid"/> before each effect on the world, and
/// give the resource <see cref="FencingToken"/> to check: no lease can protect a resource that accepts whatever
/// arrives. Work started with <see cref="RunAsync"/> is waited for before the store lets another lead. Thread-safe.
/// </remarks>
public sealed class Leadership : IAsyncDisposable
{
    private static readonly AsyncLocal<Leadership?> CurrentWork = new();

    private readonly Lock _lock = new();
    private readonly LeaseClock _lease;
    private readonly Func<CancellationToken, ValueTask> _release;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenRegistration _leaseLost;
    private Action<Leadership, LeadershipEnd>? _ended;
    private List<Task>? _work;
    private Task? _resigning;
    private LeadershipEnd? _end;

    /// <summary>Creates a term of leadership. For authors of election strategies.</summary>
    /// <param name="electionName">The election.</param>
    /// <param name="candidateId">The leader.</param>
    /// <param name="fencingToken">Greater than zero, and than that of every earlier leadership of the election.</param>
    /// <param name="electedAt">When it was elected, by a wall clock; for people to read.</param>
    /// <param name="lease">The clock of the lease that the leadership hangs on; others may hang on the same.</param>
    /// <param name="release">Gives the leadership back to the store. Called at most once, after the work has stopped.</param>
    public Leadership(
        string electionName, string candidateId, long fencingToken, DateTimeOffset electedAt,
        LeaseClock lease, Func<CancellationToken, ValueTask> release)
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
        Lost = _lost.Token;
        _leaseLost = lease.Lost.UnsafeRegister(static self => ((Leadership)self!).End(LeadershipEnd.LeaseRanOut), this);
    }

    /// <summary>
    /// The leadership under which the calling code works: within <see cref="RunAsync"/>, and so within a
    /// <see cref="Hosting.LeaderService"/>; <see langword="null"/> elsewhere. It may have ended meanwhile.
    /// </summary>
    public static Leadership? Current => CurrentWork.Value;

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
    /// when the store no longer names this leader. Its callbacks run on the thread pool.
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

    /// <summary>Calls back once, after <see cref="Lost"/> was cancelled; at once when it was already.</summary>
    internal void WhenEnded(Action<Leadership, LeadershipEnd> ended)
    {
        LeadershipEnd? end;
        lock (_lock)
        {
            end = _end;
            if (end is null)
                _ended += ended;
        }
        if (end is { } reason)
            ended(this, reason);
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
        CurrentWork.Value = this;
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
    /// stopped (at most for what is left of the lease), and only then gives the leadership back to the store. When it
    /// returns, a waiting candidate is elected without waiting for any lease.
    /// </summary>
    /// <remarks>
    /// Called from within the work itself it returns at once, and the leadership is given back when the work has
    /// returned. Calling it again, or after the leadership was lost, changes nothing.
    /// </remarks>
    /// <param name="cancellationToken">Stops the waiting, not the resignation.</param>
    /// <exception cref="ElectionStoreException">The store could not be told; the lease ends the leadership there.</exception>
    public async ValueTask ResignAsync(CancellationToken cancellationToken = default)
    {
        TaskCompletionSource? first = null;
        Task resigning;
        lock (_lock)
        {
            if (_resigning is null)
            {
                first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _resigning = first.Task;
            }
            resigning = _resigning;
        }
        if (first is not null)
            _ = ResignCoreAsync(first);
        if (CurrentWork.Value != this)
            await resigning.WaitAsync(cancellationToken).ConfigureAwait(false);
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
        Action<Leadership, LeadershipEnd>? ended;
        lock (_lock)
        {
            if (_end is not null)
                return false;
            _end = reason;
            ended = _ended;
        }
        // The token reads as cancelled when this returns; callbacks run elsewhere, so that a slow one holds up nobody.
        _ = _lost.CancelAsync();
        _leaseLost.Unregister();
        ended?.Invoke(this, reason);
        return true;
    }

    private async Task ResignCoreAsync(TaskCompletionSource resigned)
    {
        try
        {
            var bound = LeaseRemaining;
            if (End(LeadershipEnd.Resigned))
            {
                await WaitForWorkAsync(bound).ConfigureAwait(false);
                await _release(CancellationToken.None).ConfigureAwait(false);
            }
            resigned.SetResult();
        }
        catch (Exception e)
        {
            resigned.SetException(e);
            // Whoever waits sees it; a resignation from within the work has nobody waiting.
            _ = resigned.Task.Exception;
        }
    }

    /// <summary>Waits until the work that was started with <see cref="RunAsync"/> has stopped.</summary>
    /// <param name="bound">At most this long: what is left of the lease.</param>
    internal async Task WaitForWorkAsync(TimeSpan bound)
    {
        Task work;
        lock (_lock)
        {
            if (_work is null or [])
                return;
            work = Task.WhenAll(_work);
        }
        try
        {
            await work.WaitAsync(bound, _lease.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Past its deadline the work is as harmful as that of a leader that lost: fencing has to stop it.
        }
    }
}
