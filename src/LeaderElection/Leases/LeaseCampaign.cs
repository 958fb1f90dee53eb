using LeaderElection.Telemetry;

namespace LeaderElection.Leases;

/// <summary>
/// One campaign of a candidate: claims, each under the same id, so that one whose reply was lost is found again by the
/// next; and what is waited for between them.
/// </summary>
internal sealed class LeaseCampaign(LeaseBackend backend, LeaseElection election) : IDisposable
{
    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly LeaseSeat _seat = backend.Join(election.Name);
    private long _highestToken = Math.Max(0, backend.Options.MinimumFencingToken - 1);
    private bool _waitsOut;

    /// <summary>A claim that may or may not have been won. Its lease is kept for the next attempt, which is answered as this one was.</summary>
    private (HeldLease Lease, LeaseClaim Claim)? _uncertain;

    /// <summary>For how long there has been no leader, if that is known.</summary>
    public TimeSpan? Leaderless => _seat.LeaderGoneSince is { } since ? backend.Time.GetElapsedTime(since) : null;

    /// <summary>Claims once.</summary>
    /// <returns>What the store says, and the leadership if it was won and can be believed in.</returns>
    public async ValueTask<(ClaimReply Reply, Leadership? Leadership)> ClaimAsync(CancellationToken cancellationToken)
    {
        using var turn = await backend.TurnAsync(cancellationToken).ConfigureAwait(false);
        _seat.Signal.Reset();
        HeldLease lease;
        LeaseClaim claim;
        Task<(ClaimReply Reply, Leadership? Leadership)> attempt;
        // A backend that is disposed of waits for whatever has begun: also for what is about to be sent.
        var beginning = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        backend.Track(beginning.Task);
        try
        {
            lease = Lease();
            var watched = backend.Watch.LivingLease(_seat);
            claim = new LeaseClaim
            {
                Election = election.Name,
                CandidateId = election.CandidateId,
                ClaimId = _id,
                LeaseId = lease.Id,
                LeaseMustExist = lease.Clock.IsConfirmed,
                WatchedLeaseId = watched?.Id,
                LongestLease = watched?.Duration > lease.Clock.Duration ? watched.Value.Duration : lease.Clock.Duration,
                HighestToken = _highestToken,
            };
            attempt = RunAsync(lease, claim);
            backend.Track(attempt);
        }
        finally
        {
            beginning.SetResult();
        }
        try
        {
            return await attempt.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ElectionStoreException e) when (e.IsTransient)
        {
            _uncertain = (lease, claim);
            throw;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The request runs to its end all the same: what it won is then given back.
            backend.InBackground(() => UndoAsync(attempt, lease, claim));
            throw;
        }
    }

    /// <summary>Takes note of what a claim was answered that was not won.</summary>
    /// <returns>Whether to wait; <see langword="false"/> when it is to be made again, under a new lease.</returns>
    public bool MustWait(ClaimReply reply)
    {
        switch (reply.Answer)
        {
            case ClaimAnswer.Held:
                _waitsOut = false;
                _highestToken = Math.Max(_highestToken, reply.Leader!.FencingToken);
                _seat.Holder = new LeaseHolder(reply.LeaseId!, reply.Leader.FencingToken);
                backend.Watch.Follow(_seat, reply.LeaseId!, reply.Remaining);
                return true;
            case ClaimAnswer.Wait:
                if (!_waitsOut)
                    backend.Logger.VanishedLease(election.Name, election.Strategy, Math.Round(reply.Remaining.TotalSeconds, 1));
                _waitsOut = true;
                _seat.Holder = null;
                backend.Watch.WaitOut(_seat, reply.Remaining);
                return true;
            default:
                // Too late to believe in, or the own lease is gone.
                return false;
        }
    }

    public ValueTask WaitAsync(TimeSpan limit, CancellationToken cancellationToken) =>
        _seat.Signal.WaitAsync(limit, backend.Time, cancellationToken);

    /// <summary>Leaves the seat. What a claim of unknown outcome may have won is given back.</summary>
    public void Dispose()
    {
        backend.Leave(_seat);
        if (_uncertain is var (lease, claim))
            backend.InBackground(() => lease.GiveBackAsync(claim));
    }

    private HeldLease Lease()
    {
        if (_uncertain is not var (lease, claim))
            return backend.BeginClaim();
        _uncertain = null;
        if (!lease.IsRetired)
            return lease;
        backend.InBackground(() => lease.GiveBackAsync(claim));
        return backend.BeginClaim();
    }

    private async Task<(ClaimReply Reply, Leadership? Leadership)> RunAsync(HeldLease lease, LeaseClaim claim)
    {
        var sent = backend.Time.GetTimestamp();
        ClaimReply reply;
        try
        {
            reply = await backend.RequestAsync(stop => backend.ClaimAsync(claim, stop), backend.Options.LeaseDuration).ConfigureAwait(false);
        }
        catch (ElectionStoreException e) when (e.IsTransient)
        {
            // It may have been executed, or be executed yet: the lease is not let go before that is known.
            lease.IsUncertain();
            throw;
        }
        catch
        {
            lease.Finish();
            throw;
        }
        if (reply.Answer == ClaimAnswer.LeaseGone)
            lease.Clock.Revoke();
        var leadership = reply.Answer == ClaimAnswer.Won ? lease.Admit(claim, reply.Leader!, sent) : null;
        lease.Finish();
        return (reply, leadership);
    }

    private async Task UndoAsync(Task<(ClaimReply Reply, Leadership? Leadership)> attempt, HeldLease lease, LeaseClaim claim)
    {
        try
        {
            if ((await attempt.ConfigureAwait(false)).Leadership is { } leadership)
                await leadership.DisposeAsync().ConfigureAwait(false);
        }
        catch (ElectionStoreException e) when (e.IsTransient)
        {
            await lease.GiveBackAsync(claim).ConfigureAwait(false);
        }
    }
}
