using LeaderElection.Leases;
using LeaderElection.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Hosting;

/// <summary>Campaigns for a <see cref="LeaderService"/>, for ever, and runs its work while it leads.</summary>
internal sealed class LeaderServiceHost(
    LeaderService service, IElectionBackend backend, string electionName, LeaderServiceOptions options,
    CandidateRegistry registry, TimeProvider time, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan LongestLastLine = TimeSpan.FromSeconds(1);

    private readonly QueuedLogger _logger = QueuedLogger.Of(logger);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var election = backend.CreateElection(electionName, options.CandidateId);
        await using var _ = election.ConfigureAwait(false);
        var candidate = new Candidate(electionName, options.CandidateId, backend, time, _logger);
        registry.Add(candidate);
        using var observing = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var observer = ObserveAsync(election, candidate, observing.Token);
        try
        {
            await CampaignForEverAsync(election, candidate, stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        finally
        {
            await observing.CancelAsync().ConfigureAwait(false);
            await observer.ConfigureAwait(false);
            registry.Remove(candidate);
        }
    }

    private async Task CampaignForEverAsync(IElection election, Candidate candidate, CancellationToken stoppingToken)
    {
        var backoff = new Backoff(options.Rest, options.LongestBackoff);
        while (true)
        {
            var rest = TimeSpan.Zero;
            try
            {
                var leadership = await election.CampaignAsync(stoppingToken).ConfigureAwait(false);
                await using (leadership.ConfigureAwait(false))
                {
                    candidate.BecameLeader(leadership);
                    rest = await LeadAsync(leadership, candidate, backoff, stoppingToken).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it is, it does not end the service, and with it the application.
                rest = backoff.Next();
                _logger.CampaignFailed(
                    Log.Cause(e), options.CandidateId, electionName, e.Message, Math.Round(rest.TotalSeconds, 1));
            }
            if (rest > TimeSpan.Zero)
                await Task.Delay(rest, time, stoppingToken).ConfigureAwait(false);
        }
    }

    /// <summary>Runs the work of one term.</summary>
    /// <returns>How long to rest before the next campaign.</returns>
    private async Task<TimeSpan> LeadAsync(Leadership leadership, Candidate candidate, Backoff backoff, CancellationToken stoppingToken)
    {
        // The application stops: the work is told in the same way as when another takes over.
        await using var stop = stoppingToken
            .UnsafeRegister(static term => _ = ((Leadership)term!).DisposeAsync().AsTask(), leadership).ConfigureAwait(false);
        try
        {
            candidate.WorkBegins(leadership);
            if (options.EndProcessAfter is { } grace)
                leadership.WhenEnded((ended, reason) => _ = EndProcessAsync(ended, grace));
            await leadership.RunAsync(lost => service.LeadAsync(leadership, lost)).ConfigureAwait(false);
            backoff.Reset();
        }
        catch (OperationCanceledException) when (leadership.Lost.IsCancellationRequested)
        {
            backoff.Reset();
        }
        catch (Exception e)
        {
            var delay = backoff.Next();
            _logger.WorkFailed(e, options.CandidateId, electionName, Math.Round(delay.TotalSeconds, 1));
            return delay;
        }
        finally
        {
            candidate.WorkHasStopped();
        }
        // One who lost tries again at once; one whose term ended by itself lets another have its turn.
        return leadership.EndReason is null or LeadershipEnd.Resigned ? options.Rest : TimeSpan.Zero;
    }

    private async Task EndProcessAsync(Leadership ended, TimeSpan grace)
    {
        if (await ended.WaitForWorkAsync(grace).ConfigureAwait(false))
            return;
        _logger.ProcessEnds(options.CandidateId, electionName, grace.TotalSeconds);
        await _logger.WhenIdleAsync().WaitAsync(LongestLastLine, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        options.EndProcess();
    }

    private async Task ObserveAsync(IElection election, Candidate candidate, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await foreach (var leader in election.ObserveAsync(stop).ConfigureAwait(false))
                    candidate.Observed(leader);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (Exception e)
            {
                // The campaign meets the same refusal, and logs it; what is no refusal is a mistake.
                if (e is not ElectionStoreException)
                    _logger.ObservingFailed(e, options.CandidateId, electionName);
                candidate.Observed(null);
                await Task.Delay(options.LongestBackoff, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
