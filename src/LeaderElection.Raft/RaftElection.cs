using System.Runtime.CompilerServices;
using LeaderElection.Leases;

namespace LeaderElection.Raft;

/// <summary>One candidate's seat in an election among the members.</summary>
internal sealed class RaftElection(RaftElectionBackend backend, string name, string candidateId)
    : Election(name, candidateId, backend.Strategy, backend.Time, backend.Logger)
{
    internal override long MinimumFencingToken => backend.Options.MinimumFencingToken;

    protected override async ValueTask<(Leadership Leadership, TimeSpan? Leaderless)> ElectAsync(CancellationToken cancellationToken)
    {
        backend.Prepare();
        var node = await backend.NodeAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        var seat = new RaftSeat(Name, CandidateId);
        _ = node.JoinAsync(seat);
        try
        {
            return await seat.Elected.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            var left = node.LeaveAsync(seat);
            backend.InBackground(async () =>
            {
                await left.ConfigureAwait(false);
                // Elected at the last moment, with nobody there to take it.
                if (seat.Elected.Task.IsCompletedSuccessfully)
                    await (await seat.Elected.Task.ConfigureAwait(false)).Leadership.DisposeAsync().ConfigureAwait(false);
            });
            throw;
        }
    }

    public override async IAsyncEnumerable<LeaderInfo?> ObserveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var node = await backend.NodeAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        var signal = new AsyncSignal();
        node.Observe(Name, signal);
        try
        {
            // That nobody leads is no news from a member that has just been started: a leader must have been able to say so.
            while (node.Leader(Name) is null && !node.HasHadContact(backend.Options.LeaseDuration))
            {
                await signal.WaitAsync(backend.Options.EffectiveRenewInterval / 2, Time, cancellationToken).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
            }
            var changes = ObserverLoop.RunAsync(
                backend, Name, signal, Timeout.InfiniteTimeSpan, _ => new(node.Leader(Name)), () => false, cancellationToken);
            await foreach (var leader in changes.ConfigureAwait(false))
                yield return leader;
        }
        finally
        {
            node.Unobserve(Name, signal);
        }
    }
}
