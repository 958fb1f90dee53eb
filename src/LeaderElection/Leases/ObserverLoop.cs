using System.Runtime.CompilerServices;
using LeaderElection.Telemetry;

namespace LeaderElection.Leases;

/// <summary>Tells who leads, and every change, through trouble with the store.</summary>
internal static class ObserverLoop
{
    /// <param name="backend">Where it is observed.</param>
    /// <param name="election">What is observed.</param>
    /// <param name="signal">Given when the election may have changed.</param>
    /// <param name="limit">How long to wait for the signal at most.</param>
    /// <param name="read">Asks the store who leads.</param>
    /// <param name="mayStillLead">Whether the leader last heard of may still lead; asked while the store does not answer.</param>
    public static async IAsyncEnumerable<LeaderInfo?> RunAsync(
        StoreBackend backend, string election, AsyncSignal signal, TimeSpan limit, Func<CancellationToken, ValueTask<LeaderInfo?>> read,
        Func<bool> mayStillLead, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var backoff = backend.CreateBackoff();
        var isFirst = true;
        LeaderInfo? last = null;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            signal.Reset();
            LeaderInfo? current;
            var wait = limit;
            try
            {
                backend.ThrowIfDisposed();
                current = await backend.RequestAsync(read, backend.Options.LeaseDuration).AsTask().Observed().WaitAsync(cancellationToken).ConfigureAwait(false);
                backoff.Reset();
            }
            catch (ElectionStoreException e) when (e.IsTransient)
            {
                wait = backoff.Next();
                backend.Logger.ObservingInTrouble(null, election, backend.Strategy, e.Message);
                current = mayStillLead() ? last : null;
            }

            // Where the store does not keep when it was elected, the first sight of it stands.
            if (current?.FencingToken == last?.FencingToken && current?.CandidateId == last?.CandidateId)
                current = last;
            if (isFirst || current != last)
            {
                isFirst = false;
                last = current;
                yield return current;
            }
            await signal.WaitAsync(wait, backend.Time, cancellationToken).ConfigureAwait(false);
        }
    }
}
