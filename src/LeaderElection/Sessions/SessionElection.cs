using System.Runtime.CompilerServices;
using LeaderElection.Leases;
using LeaderElection.Telemetry;

namespace LeaderElection.Sessions;

/// <summary>One candidate's seat in an election that is decided by a queue.</summary>
internal sealed class SessionElection(SessionBackend backend, string name, string candidateId)
    : Election(name, candidateId, backend.Strategy, backend.Time, backend.Logger)
{
    internal override long MinimumFencingToken => backend.Options.MinimumFencingToken;

    protected override async ValueTask<(Leadership Leadership, TimeSpan? Leaderless)> ElectAsync(CancellationToken cancellationToken)
    {
        backend.Prepare();
        var backoff = backend.CreateBackoff();
        var idle = new AsyncSignal();
        (Session Session, QueueEntry Entry)? seat = null;
        Task<QueuePlace>? request = null;
        long? newsAt = null;
        var trouble = new TroubleLog(backend.Logger, CandidateId, Name, Strategy);
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                backend.ThrowIfDisposed();
                if (seat is { Session.HasEnded: true })
                    seat = null;
                var wait = Timeout.InfiniteTimeSpan;
                try
                {
                    seat ??= await backend.SitDownAsync(Name, CandidateId, cancellationToken).ConfigureAwait(false);
                    var (session, entry) = seat.Value;
                    QueuePlace place;
                    using (await backend.TurnAsync(cancellationToken).ConfigureAwait(false))
                    {
                        entry.Signal.Reset();
                        request = AskAsync(session, entry);
                        place = await request.WaitAsync(cancellationToken).ConfigureAwait(false);
                    }
                    backoff.Reset();
                    trouble.IsOver();
                    // Resigning on the way out, a backend must not elect the next of its own candidates.
                    backend.ThrowIfDisposed();
                    if (place == QueuePlace.First && session.Elect(backend, entry) is { } leadership)
                    {
                        seat = null;
                        return (leadership, newsAt is { } since ? Time.GetElapsedTime(since) : null);
                    }
                    if (place != QueuePlace.Behind)
                    {
                        // Taken away, or the session is over: it joins anew.
                        session.Remove(entry);
                        seat = null;
                        continue;
                    }
                    newsAt = null;
                }
                catch (ElectionStoreException e) when (e.IsTransient)
                {
                    wait = backoff.Next();
                    trouble.Report(e);
                }
                await WaitAsync(seat?.Entry.Signal ?? idle, wait, cancellationToken).ConfigureAwait(false);
                newsAt ??= Time.GetTimestamp();
            }
        }
        finally
        {
            if (seat is var (session, entry))
                backend.InBackground(() => LeaveAsync(session, entry, request));
        }
    }

    public override async IAsyncEnumerable<LeaderInfo?> ObserveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var observer = new Waiter(Name);
        long? troubleSince = null;
        // No news was good news until the trouble began; a leader that cannot reach the store either has stopped a lease later.
        var changes = ObserverLoop.RunAsync(
            backend, Name, observer.Signal, Timeout.InfiniteTimeSpan, ReadAsync,
            () => Time.GetElapsedTime(troubleSince ??= Time.GetTimestamp()) < backend.Options.LeaseDuration, cancellationToken);
        backend.Observe(observer);
        try
        {
            await foreach (var leader in changes.ConfigureAwait(false))
                yield return leader;
        }
        finally
        {
            backend.Unobserve(observer);
        }

        async ValueTask<LeaderInfo?> ReadAsync(CancellationToken stop)
        {
            var leader = await backend.ReadAsync(observer, stop).ConfigureAwait(false);
            troubleSince = null;
            return leader;
        }
    }

    /// <summary>Joins the queue, or looks where the entry stands in it.</summary>
    private async Task<QueuePlace> AskAsync(Session session, QueueEntry entry)
    {
        try
        {
            return await backend.RequestAsync(
                stop => entry.FencingToken == 0 ? session.JoinAsync(entry, stop) : session.LookAsync(entry, stop),
                session.Clock.Remaining).ConfigureAwait(false);
        }
        catch (ElectionStoreException) when (session.HasEnded)
        {
            return QueuePlace.Gone;
        }
    }

    private async Task WaitAsync(AsyncSignal signal, TimeSpan limit, CancellationToken cancellationToken)
    {
        backend.BeginWait();
        try
        {
            await signal.WaitAsync(limit, Time, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            backend.EndWait();
        }
    }

    /// <summary>Leaves after the last request has had its effect: an entry must not be put there behind its back.</summary>
    private async Task LeaveAsync(Session session, QueueEntry entry, Task? request)
    {
        try
        {
            if (request is not null)
                await request.ConfigureAwait(false);
        }
        catch (ElectionStoreException)
        {
        }
        await backend.LeaveAsync(session, entry).ConfigureAwait(false);
    }
}
