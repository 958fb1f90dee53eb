using LeaderElection.Telemetry;
using Microsoft.Extensions.Logging;

namespace LeaderElection;

/// <summary>
/// What a candidate's seat is in every strategy: one campaign at a time, seen in logs, traces and metrics. For authors
/// of election strategies.
/// </summary>
public abstract class Election : IElection
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly QueuedLogger _logger;
    private Leadership? _leadership;
    private Task? _campaign;
    private bool _isDisposed;

    /// <summary>Takes a seat.</summary>
    /// <exception cref="ArgumentException">A name is not valid.</exception>
    protected Election(string name, string candidateId, string strategy, TimeProvider time, ILogger logger)
    {
        Name = ElectionNames.Validate(name, "election");
        CandidateId = ElectionNames.Validate(candidateId, "candidate");
        Strategy = strategy;
        Time = time;
        _logger = QueuedLogger.Of(logger);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string CandidateId { get; }

    /// <summary>The name of the strategy.</summary>
    public string Strategy { get; }

    /// <summary>Where time comes from.</summary>
    protected TimeProvider Time { get; }

    /// <summary>See <see cref="Leases.LeaseOptions.MinimumFencingToken"/>.</summary>
    internal virtual long MinimumFencingToken => 0;

    /// <inheritdoc/>
    public async ValueTask<Leadership> CampaignAsync(CancellationToken cancellationToken = default)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_campaign is not null)
                throw new InvalidOperationException($"{CandidateId} campaigns for '{Name}' already.");
            if (_leadership is { IsValid: true })
                throw new InvalidOperationException($"{CandidateId} leads '{Name}' already.");
            _campaign = ended.Task;
        }
        var activity = ElectionTelemetry.Campaign(this);
        Exception? failure = null;
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposed.Token);
            var start = Time.GetTimestamp();
            var elected = await ElectAsync(stop.Token).ConfigureAwait(false);
            if (elected.Leadership.FencingToken < MinimumFencingToken)
                await RefuseAsync(elected.Leadership).ConfigureAwait(false);
            BecameLeader(elected.Leadership, Time.GetElapsedTime(start), elected.Leaderless);
            return elected.Leadership;
        }
        catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException($"{CandidateId} has withdrawn from '{Name}'.", e, cancellationToken);
        }
        catch (OperationCanceledException e) when (_disposed.IsCancellationRequested)
        {
            throw new ObjectDisposedException($"{CandidateId} was disposed while it campaigned for '{Name}'.", e);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            failure = e;
            throw;
        }
        finally
        {
            var end = Time.GetUtcNow();
            _logger.Post(() => ElectionTelemetry.EndCampaign(activity, end, failure));
            lock (_lock) _campaign = null;
            ended.SetResult();
        }
    }

    /// <inheritdoc/>
    public abstract IAsyncEnumerable<LeaderInfo?> ObserveAsync(CancellationToken cancellationToken = default);

    /// <summary>Withdraws from a campaign, or resigns from leading.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? campaign;
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            campaign = _campaign;
        }
        await _disposed.CancelAsync().ConfigureAwait(false);
        if (campaign is not null)
            await campaign.ConfigureAwait(false);
        Leadership? leadership;
        lock (_lock) leadership = _leadership;
        if (leadership is not null)
            await leadership.DisposeAsync().ConfigureAwait(false);
        ElectionTelemetry.Withdrawn(this);
        GC.SuppressFinalize(this);
    }

    /// <summary>Waits until this candidate is elected.</summary>
    /// <returns>The leadership, and for how long the candidate had known that there was no leader, if it knew.</returns>
    protected abstract ValueTask<(Leadership Leadership, TimeSpan? Leaderless)> ElectAsync(CancellationToken cancellationToken);

    private async Task RefuseAsync(Leadership leadership)
    {
        await leadership.DisposeAsync().ConfigureAwait(false);
        throw new ElectionStoreException(
            $"{CandidateId} was elected with fencing token {leadership.FencingToken} of {Strategy}, below the {nameof(Leases.LeaseOptions.MinimumFencingToken)} of {MinimumFencingToken}: what has seen that would refuse its writes; it has resigned",
            isTransient: false);
    }

    /// <summary>Takes note; what calls loggers and listeners comes after the leader has been told, and holds up nobody.</summary>
    private void BecameLeader(Leadership leadership, TimeSpan campaign, TimeSpan? leaderless)
    {
        var (start, at) = (Time.GetTimestamp(), Time.GetUtcNow());
        lock (_lock) _leadership = leadership;
        ElectionTelemetry.Leads(this, leadership);
        leadership.StillWorks = bound => _logger.StillWorks(CandidateId, Name, bound.TotalSeconds);
        _logger.Post(() => ElectionTelemetry.BecameLeader(
            this, leadership, at, campaign, leaderless, () => _logger.BecameLeader(CandidateId, Name, Strategy, leadership.FencingToken)));
        leadership.WhenEnded((ended, reason) =>
        {
            ElectionTelemetry.LeadsNoMore(this, ended);
            var (duration, endedAt) = (Time.GetElapsedTime(start), Time.GetUtcNow());
            _logger.Post(() => ElectionTelemetry.Ended(this, ended, reason, endedAt, duration, () =>
            {
                if (reason == LeadershipEnd.Resigned)
                    _logger.Resigned(CandidateId, Name, Strategy, ended.FencingToken);
                else
                    _logger.LostLeadership(CandidateId, Name, Strategy, ended.FencingToken, reason);
            }));
            _ = LogCallbacksAsync(ended);
            // A resignation waits for the work by itself.
            if (reason != LeadershipEnd.Resigned)
                _ = ended.DrainAsync();
        });
    }

    private async Task LogCallbacksAsync(Leadership ended)
    {
        try
        {
            await ended.Callbacks.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _logger.CallbackFailed(e, CandidateId, Name);
        }
    }
}
