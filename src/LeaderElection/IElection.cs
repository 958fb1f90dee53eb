namespace LeaderElection;

/// <summary>One candidate's seat in one election.</summary>
public interface IElection : IAsyncDisposable
{
    /// <summary>The election's name.</summary>
    string Name { get; }

    /// <summary>The candidate's id.</summary>
    string CandidateId { get; }

    /// <summary>
    /// Waits, without polling where the store can notify, until this candidate is elected.
    /// </summary>
    /// <returns>The term of leadership. Dispose or resign it to hand over at once.</returns>
    /// <remarks>
    /// Trouble that may pass (the store is down, slow or failing over) is logged and retried with jittered back-off;
    /// a lost race is retried without one. A seat campaigns once at a time, and not while it leads.
    /// </remarks>
    /// <exception cref="ElectionStoreException">The store refused in a way that retrying cannot mend: a wrong password, a corrupt lease file.</exception>
    /// <exception cref="InvalidOperationException">The seat campaigns or leads already.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled; the candidate has withdrawn.</exception>
    /// <exception cref="ObjectDisposedException">The seat, or its backend, was disposed.</exception>
    ValueTask<Leadership> CampaignAsync(CancellationToken cancellationToken = default);

    /// <summary>The current leader, then every change; <see langword="null"/> while there is none.</summary>
    /// <remarks>
    /// The same leader is not reported twice in a row. A change that was superseded before the consumer asked may be
    /// skipped: the last item is always the latest known state. Observing needs no candidacy.
    /// </remarks>
    IAsyncEnumerable<LeaderInfo?> ObserveAsync(CancellationToken cancellationToken = default);
}
