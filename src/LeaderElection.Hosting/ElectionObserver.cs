using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Hosting;

/// <summary>Keeps an election's row true: by the library's own observer on the store, so that no worker's word is needed.</summary>
internal sealed class ElectionObserver(ElectionResource election, InitializeResourceEvent start)
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time = start.Services.GetService<TimeProvider>() ?? TimeProvider.System;
    private readonly ElectionRow _row = new(start.Services.GetService<TimeProvider>() ?? TimeProvider.System);
    private readonly ResourceNotificationService _notifications = start.Notifications;

    /// <summary>Observes until the application stops.</summary>
    public async Task RunAsync()
    {
        var stopping = start.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        try
        {
            await Task.WhenAll(WatchCandidatesAsync(stopping), WatchLeaderAsync(stopping)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
        catch (ObjectDisposedException) when (stopping.IsCancellationRequested)
        {
            // The application did not wait for us.
        }
    }

    private async Task WatchCandidatesAsync(CancellationToken stopping)
    {
        await foreach (var change in _notifications.WatchAsync(stopping).ConfigureAwait(false))
        {
            if (election.HasCandidates(change.Resource)
                && _row.Candidate(change.ResourceId, change.Resource.Name, change.Snapshot.State?.Text == KnownResourceStates.Running))
                await PublishAsync().ConfigureAwait(false);
        }
    }

    private async Task WatchLeaderAsync(CancellationToken stopping)
    {
        var started = false;
        while (true)
        {
            try
            {
                // As any resource that starts: whoever listens is told, and what it waits for is waited for.
                if (!started)
                    await start.Eventing.PublishAsync(new BeforeResourceStartedEvent(election, start.Services), stopping).ConfigureAwait(false);
                else
                    await _notifications.WaitForDependenciesAsync(election, stopping).ConfigureAwait(false);
                started = true;
                var open = election.Open ?? throw new DistributedApplicationException(
                    $"It was not said what '{election.Name}' is held on: On(store), InFolder(folder) or OnRaft(cluster).");
                var backend = await open(start.Services, stopping).ConfigureAwait(false);
                await using var _ = backend.ConfigureAwait(false);
                var seat = backend.CreateElection(election.ElectionName, "observer");
                await using var __ = seat.ConfigureAwait(false);
                await foreach (var leader in seat.ObserveAsync(stopping).ConfigureAwait(false))
                {
                    _row.Observed(leader);
                    Log(leader);
                    await PublishAsync().ConfigureAwait(false);
                }
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                // A store that refuses us, or that did not start: a restart of it, or a better setting, may help.
                start.Logger.LogWarning("Who leads {Election} cannot be observed: {Problem}", election.ElectionName, e.Message);
                _row.InTrouble(e.Message);
                await PublishAsync().ConfigureAwait(false);
                await Task.Delay(Rest, _time, stopping).ConfigureAwait(false);
            }
        }
    }

    private Task PublishAsync() => _notifications.PublishUpdateAsync(election, _row.Write);

    private void Log(LeaderInfo? leader)
    {
        if (leader is null)
            start.Logger.LogWarning("Nobody leads {Election}", election.ElectionName);
        else
            start.Logger.LogInformation("{Candidate} leads {Election}, fencing token {FencingToken}", leader.CandidateId, election.ElectionName, leader.FencingToken);
    }
}
