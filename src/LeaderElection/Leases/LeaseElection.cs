using System.Runtime.CompilerServices;
using LeaderElection.Telemetry;

namespace LeaderElection.Leases;

/// <summary>One candidate's seat in an election that is decided by leases.</summary>
internal sealed class LeaseElection(LeaseBackend backend, string name, string candidateId)
    : Election(name, candidateId, backend.Strategy, backend.Time, backend.Logger)
{
    protected override async ValueTask<(Leadership Leadership, TimeSpan? Leaderless)> ElectAsync(CancellationToken cancellationToken)
    {
        var claimId = Guid.NewGuid().ToString("N");
        var backoff = backend.CreateBackoff();
        var seat = backend.Join(Name);
        long highestToken = 0;
        var waiting = false;
        string? trouble = null;
        LeaseRelease? uncertain = null;
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                LeaseClaim? claim = null;
                ClaimReply reply;
                try
                {
                    Leadership? leadership;
                    using (await backend.TurnAsync(cancellationToken).ConfigureAwait(false))
                    {
                        seat.Signal.Reset();
                        var watched = backend.Watch.LivingLease(seat);
                        var lease = backend.BeginClaim();
                        claim = new LeaseClaim
                        {
                            Election = Name,
                            CandidateId = CandidateId,
                            ClaimId = claimId,
                            LeaseId = lease.Id,
                            LeaseMustExist = lease.Clock.IsConfirmed,
                            WatchedLeaseId = watched?.Id,
                            LongestLease = watched?.Duration > lease.Clock.Duration ? watched.Value.Duration : lease.Clock.Duration,
                            HighestToken = highestToken,
                        };
                        (reply, leadership) = await ClaimAsync(lease, claim, cancellationToken).ConfigureAwait(false);
                    }
                    uncertain = null;
                    backoff.Reset();
                    if (trouble is not null)
                        backend.Logger.StoreIsBack(CandidateId, Name, Strategy);
                    trouble = null;
                    // Resigning on the way out, a backend must not elect the next of its own candidates.
                    if (leadership is not null && backend.IsDisposed)
                        backend.InBackground(() => leadership.DisposeAsync().AsTask());
                    backend.ThrowIfDisposed();
                    if (leadership is not null)
                        return (leadership, seat.LeaderGoneSince is { } since ? Time.GetElapsedTime(since) : null);
                }
                catch (ElectionStoreException e) when (e.IsTransient)
                {
                    uncertain = GiveBack(claim!);
                    var delay = backoff.Next();
                    // Once for each trouble, not once for each attempt.
                    if (trouble != e.Message)
                        backend.Logger.StoreInTrouble(CandidateId, Name, Strategy, e.Message);
                    trouble = e.Message;
                    await seat.Signal.WaitAsync(delay, Time, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                switch (reply.Answer)
                {
                    case ClaimAnswer.Held:
                        waiting = false;
                        highestToken = Math.Max(highestToken, reply.Leader!.FencingToken);
                        backend.Watch.Follow(seat, reply.LeaseId!, reply.Remaining);
                        break;
                    case ClaimAnswer.Wait:
                        if (!waiting)
                            backend.Logger.VanishedLease(Name, Strategy, Math.Round(reply.Remaining.TotalSeconds, 1));
                        waiting = true;
                        backend.Watch.WaitOut(seat, reply.Remaining);
                        break;
                    case ClaimAnswer.Won or ClaimAnswer.LeaseGone:
                        // Too late to believe in, or the own lease is gone: again, under a new lease.
                        continue;
                }

                await seat.Signal.WaitAsync(backend.PollInterval, Time, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            backend.Leave(seat);
            // Called off after a claim of unknown outcome: what it may have won is given back.
            if (uncertain is not null)
                backend.InBackground(async () => await backend.ReleaseAsync(uncertain).ConfigureAwait(false));
        }
    }

    public override async IAsyncEnumerable<LeaderInfo?> ObserveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var seat = backend.Join(Name);
        try
        {
            // What was last heard holds as long as that leader's lease can have lasted.
            var changes = ObserverLoop.RunAsync(
                backend, Name, seat.Signal, backend.PollInterval, ReadAsync, () => backend.Watch.LivingLease(seat) is not null, cancellationToken);
            await foreach (var leader in changes.ConfigureAwait(false))
                yield return leader;
        }
        finally
        {
            backend.Leave(seat);
        }

        async ValueTask<LeaderInfo?> ReadAsync(CancellationToken stop)
        {
            var record = await backend.ReadAsync(Name, stop).ConfigureAwait(false);
            if (record is null)
                backend.Watch.Unfollow(seat);
            else
                backend.Watch.Follow(seat, record.LeaseId, record.Remaining);
            return record?.Leader;
        }
    }

    /// <summary>Claims once. The request runs to its end also when the campaign is called off: what it won is then given back.</summary>
    private async ValueTask<(ClaimReply Reply, Leadership? Leadership)> ClaimAsync(HeldLease lease, LeaseClaim claim, CancellationToken cancellationToken)
    {
        var attempt = backend.Track(RunAsync());
        try
        {
            return await attempt.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            backend.InBackground(async () =>
            {
                try
                {
                    var (_, leadership) = await attempt.ConfigureAwait(false);
                    if (leadership is not null)
                        await leadership.DisposeAsync().ConfigureAwait(false);
                }
                catch (ElectionStoreException)
                {
                    await backend.ReleaseAsync(GiveBack(claim)).ConfigureAwait(false);
                }
            });
            throw;
        }

        async Task<(ClaimReply Reply, Leadership? Leadership)> RunAsync()
        {
            try
            {
                var sent = Time.GetTimestamp();
                var reply = await backend.RequestAsync(stop => backend.ClaimAsync(claim, stop), backend.Options.LeaseDuration).ConfigureAwait(false);
                if (reply.Answer == ClaimAnswer.LeaseGone)
                    lease.Clock.Revoke();
                return (reply, reply.Answer == ClaimAnswer.Won ? lease.Admit(claim, reply.Leader!, sent) : null);
            }
            finally
            {
                lease.Finish();
            }
        }
    }

    /// <summary>Gives back what a claim may have won.</summary>
    private static LeaseRelease GiveBack(LeaseClaim claim) => new(claim.LeaseId, claim, FencingToken: 0, EndsLease: false);
}
