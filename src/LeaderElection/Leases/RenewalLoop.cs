using LeaderElection.Telemetry;

namespace LeaderElection.Leases;

/// <summary>Renews a lease until it ends: at its interval while all is well, as often as it takes while it is not.</summary>
/// <param name="backend">Whose lease it is.</param>
/// <param name="clock">The clock of the lease; its end ends the loop.</param>
/// <param name="renew">Renews once and confirms the clock; <see langword="false"/> when the store says that the lease is gone.</param>
internal sealed class RenewalLoop(StoreBackend backend, LeaseClock clock, Func<ValueTask<bool>> renew)
{
    /// <summary>What hangs for less may be the machine.</summary>
    private static readonly TimeSpan ShortestAttempt = TimeSpan.FromSeconds(0.5);

    private readonly AsyncSignal _renewNow = new();

    /// <summary>How long one attempt may take: where it hangs, there is to be time for another before the lease is over.</summary>
    public static TimeSpan AttemptOf(LeaseClock clock)
    {
        var left = clock.Remaining;
        return left / 2 > ShortestAttempt ? left / 2 : left;
    }

    /// <summary>Renews at once: the store is back.</summary>
    public void RenewSoon() => _renewNow.Set();

    public async Task RunAsync(CancellationToken stop)
    {
        // A store may grant a shorter lease than was asked for.
        var interval = backend.Options.EffectiveRenewInterval * Math.Min(1, clock.Duration / backend.Options.LeaseDuration);
        var backoff = new Backoff(TimeSpan.FromMilliseconds(50), backend.Options.EffectiveRetryPeriod);
        var wait = interval;
        string? trouble = null;
        while (true)
        {
            try
            {
                await _renewNow.WaitAsync(wait, backend.Time, stop).ConfigureAwait(false);
                if (stop.IsCancellationRequested)
                    return;
                if (await renew().ConfigureAwait(false))
                {
                    ElectionTelemetry.Renewal(backend.Strategy, "renewed");
                }
                else
                {
                    ElectionTelemetry.Renewal(backend.Strategy, "lost");
                    clock.Revoke();
                }
                backoff.Reset();
                trouble = null;
                wait = interval;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The clock ends this loop, not the number of failures. What trying again does not mend is not tried again and again.
                var isLasting = e is ElectionStoreException { IsTransient: false };
                wait = isLasting ? backend.Options.EffectiveRetryPeriod : backoff.Next();
                // Once for each trouble, not once for each attempt; a lasting one may be told in several wordings.
                if (trouble is null || (!isLasting && trouble != e.Message))
                    backend.Logger.RenewalFailed(Log.Cause(e), backend.Strategy, Math.Round(clock.Remaining.TotalSeconds, 3), e.Message);
                trouble = e.Message;
                ElectionTelemetry.Renewal(backend.Strategy, "failed", e);
            }
        }
    }
}
