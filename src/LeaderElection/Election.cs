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
    private readonly ILogger _logger;
    private Leadership? _leadership;
    private Task? _campaign;

    /// <summary>Takes a seat.</summary>
    /// <exception cref="ArgumentException">A name is not valid.</exception>
    protected Election(string name, string candidateId, string strategy, TimeProvider time, ILogger logger)
    {
        Name = ElectionNames.Validate(name, "election");
        CandidateId = ElectionNames.Validate(candidateId, "candidate");
        Strategy = strategy;
        Time = time;
        _logger = logger;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string CandidateId { get; }

    /// <summary>The name of the strategy.</summary>
    public string Strategy { get; }

    /// <summary>Where time comes from.</summary>
    protected TimeProvider Time { get; }

    /// <inheritdoc/>
    public async ValueTask<Leadership> CampaignAsync(CancellationToken cancellationToken = default)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
            if (_campaign is not null)
                throw new InvalidOperationException($"{CandidateId} campaigns for '{Name}' already.");
            if (_leadership is { IsValid: true })
                throw new InvalidOperationException($"{CandidateId} leads '{Name}' already.");
            _campaign = ended.Task;
        }
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposed.Token);
            using var activity = ElectionTelemetry.Campaign(this);
            var start = Time.GetTimestamp();
            var elected = await ElectAsync(stop.Token).ConfigureAwait(false);
            BecameLeader(elected.Leadership, Time.GetElapsedTime(start), elected.Leaderless);
            return elected.Leadership;
        }
        finally
        {
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
            if (_disposed.IsCancellationRequested)
                return;
            _disposed.Cancel();
            campaign = _campaign;
        }
        if (campaign is not null)
            await campaign.ConfigureAwait(false);
        if (_leadership is { } leadership)
            await leadership.DisposeAsync().ConfigureAwait(false);
        ElectionTelemetry.Withdrawn(this);
        GC.SuppressFinalize(this);
    }

    /// <summary>Waits until this candidate is elected.</summary>
    /// <returns>The leadership, and for how long the candidate had known that there was no leader, if it knew.</returns>
    protected abstract ValueTask<(Leadership Leadership, TimeSpan? Leaderless)> ElectAsync(CancellationToken cancellationToken);

    private void BecameLeader(Leadership leadership, TimeSpan campaign, TimeSpan? leaderless)
    {
        var start = Time.GetTimestamp();
        lock (_lock) _leadership = leadership;
        ElectionTelemetry.BecameLeader(
            this, leadership, campaign, leaderless, () => _logger.BecameLeader(CandidateId, Name, Strategy, leadership.FencingToken));
        leadership.WhenEnded((ended, reason) =>
        {
            ElectionTelemetry.Ended(this, ended, reason, Time.GetElapsedTime(start), () =>
            {
                if (reason == LeadershipEnd.Resigned)
                    _logger.Resigned(CandidateId, Name, Strategy, ended.FencingToken);
                else
                    _logger.LostLeadership(CandidateId, Name, Strategy, ended.FencingToken, reason);
            });
        });
    }
}
