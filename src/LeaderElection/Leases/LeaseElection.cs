using System.Runtime.CompilerServices;
using LeaderElection.Telemetry;

namespace LeaderElection.Leases;

/// <summary>One candidate's seat in an election that is decided by leases.</summary>
internal sealed class LeaseElection(LeaseBackend backend, string name, string candidateId)
    : Election(name, candidateId, backend.Strategy, backend.Time, backend.Logger)
{
    internal override long MinimumFencingToken => backend.Options.MinimumFencingToken;

    protected override async ValueTask<(Leadership Leadership, TimeSpan? Leaderless)> ElectAsync(CancellationToken cancellationToken)
    {
        backend.Prepare();
        using var campaign = new LeaseCampaign(backend, this);
        var backoff = backend.CreateBackoff();
        var trouble = new TroubleLog(backend.Logger, CandidateId, Name, Strategy);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var wait = backend.PollInterval;
            try
            {
                var claimed = await campaign.ClaimAsync(cancellationToken).ConfigureAwait(false);
                backoff.Reset();
                trouble.IsOver();
                // Resigning on the way out, a backend must not elect the next of its own candidates.
                if (claimed.Leadership is { } late && backend.IsDisposed)
                    backend.InBackground(() => late.DisposeAsync().AsTask());
                backend.ThrowIfDisposed();
                if (claimed.Leadership is { } leadership)
                    return (leadership, campaign.Leaderless);
                if (!campaign.MustWait(claimed.Reply))
                    continue;
            }
            catch (ElectionStoreException e) when (e.IsTransient)
            {
                wait = backoff.Next();
                trouble.Report(e);
            }
            await campaign.WaitAsync(wait, cancellationToken).ConfigureAwait(false);
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
            seat.Holder = record is null ? null : new LeaseHolder(record.LeaseId, record.Leader.FencingToken);
            if (record is null)
                backend.Watch.Unfollow(seat);
            else
                backend.Watch.Follow(seat, record.LeaseId, record.Remaining);
            return record?.Leader;
        }
    }
}
