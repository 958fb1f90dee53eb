namespace LeaderElection.Etcd;

/// <summary>
/// A join that was called off while nobody knew whether etcd would still carry it out: a frozen member may do so much
/// later. When the key appears it is deleted, or it would stand in the queue for as long as the lease lives.
/// </summary>
internal sealed class EtcdLateJoin : IDisposable
{
    private readonly Lock _lock = new();
    private readonly EtcdWatch _watch;
    private Task _undoing = Task.CompletedTask;
    private bool _ended;

    public EtcdLateJoin(EtcdElectionBackend backend, EtcdSession session, EtcdEntry entry, long revision)
    {
        // What compaction may hide can only be older than what was seen.
        _watch = backend.Watches.Watch(entry.Key.Own, null, deletesOnly: false, revision + 1, put =>
        {
            if (put is not { IsDelete: false })
                return;
            lock (_lock)
            {
                if (!_ended)
                    _undoing = UndoAsync(put.Kv.CreateRevision);
            }
        });

        async Task UndoAsync(long createRevision)
        {
            var backoff = backend.CreateBackoff();
            while (session.Clock.IsValid)
            {
                try
                {
                    await backend.Transactions.RunAsync(
                        EtcdSession.Delete(entry.Key.Own, createRevision), entry.Election, CancellationToken.None).ConfigureAwait(false);
                    return;
                }
                catch (ElectionStoreException)
                {
                    await Task.Delay(backoff.Next(), backend.Time).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>The key is wanted again. What is being undone is waited for.</summary>
    public Task EndAsync()
    {
        Dispose();
        lock (_lock) return _undoing;
    }

    public void Dispose()
    {
        lock (_lock) _ended = true;
        _watch.Dispose();
    }
}
