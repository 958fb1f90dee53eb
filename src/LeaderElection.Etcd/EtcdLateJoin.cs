namespace LeaderElection.Etcd;

/// <summary>
/// A join that nobody answered, and that etcd may still carry out after its candidate has left: a frozen member may do
/// so much later. When the key appears it is deleted, or it would stand in the queue for as long as the lease lives.
/// </summary>
internal sealed class EtcdLateJoin : IDisposable
{
    private readonly Lock _lock = new();
    private readonly EtcdElectionBackend _backend;
    private readonly EtcdSession _session;
    private readonly EtcdEntry _entry;
    private readonly EtcdWatch _watch;
    private Task _undoing = Task.CompletedTask;
    private bool _ended;

    /// <param name="revision">When the key was not there.</param>
    public EtcdLateJoin(EtcdElectionBackend backend, EtcdSession session, EtcdEntry entry, long revision)
    {
        (_backend, _session, _entry) = (backend, session, entry);
        _watch = backend.Watches.Watch(entry.Key.Own, null, deletesOnly: false, revision + 1, news =>
        {
            // What was missed may have been its coming.
            if (news is { IsDelete: true })
                return;
            lock (_lock)
            {
                if (!_ended)
                    _undoing = UndoAsync(_undoing);
            }
        });
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

    private async Task UndoAsync(Task earlier)
    {
        await earlier.ConfigureAwait(false);
        var backoff = _backend.CreateBackoff();
        while (_session.Clock.IsValid)
        {
            try
            {
                await _session.DeleteAsync(_entry, CancellationToken.None).ConfigureAwait(false);
                return;
            }
            catch (ElectionStoreException)
            {
                await Task.Delay(backoff.Next(), _backend.Time).ConfigureAwait(false);
            }
        }
    }
}
