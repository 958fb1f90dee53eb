using System.Text;
using LeaderElection.Etcd.Protocol;
using LeaderElection.Leases;
using LeaderElection.Sessions;

namespace LeaderElection.Etcd;

/// <summary>A lease of etcd, with the keys of this process's candidates bound to it.</summary>
internal sealed class EtcdSession(EtcdElectionBackend backend, long leaseId, LeaseClock clock) : Session(clock)
{
    private EtcdKey? _lastKey;
    private long _lookedAt = clock.Time.GetTimestamp();
    private volatile Task _removing = Task.CompletedTask;

    /// <summary>The lease.</summary>
    public long LeaseId { get; } = leaseId;

    /// <summary>The key is named after the lease.</summary>
    protected override bool HasOneEntryPerElection => true;

    protected internal override QueueEntry CreateEntry(string election, string candidateId) =>
        new EtcdEntry(election, candidateId, new EtcdKey(election, LeaseId), this, backend);

    protected internal override async ValueTask<QueuePlace> JoinAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        var own = (EtcdEntry)entry;
        var key = own.Key;
        // What is found to be wanted by nobody goes before somebody wants it again.
        await _removing.WaitAsync(cancellationToken).ConfigureAwait(false);
        own.MayBeThere = true;
        _lastKey = key;
        if (await AskAsync(own, Join(key, own.Value, LeaseId), cancellationToken).ConfigureAwait(false) is not { } joined)
            return QueuePlace.Gone;
        if (joined.Succeeded)
        {
            entry.FencingToken = joined.Revision;
            own.WatchOwn(joined.Revision);
            return Place(own, joined.Found, joined.Revision);
        }
        // It is there from an earlier attempt, whose reply was lost.
        if (joined.Found is not { CreateRevision: > 0 } found)
            throw EtcdOutcome.Senseless();
        entry.FencingToken = found.CreateRevision;
        own.WatchOwn(joined.Revision);
        if (!found.Value.AsSpan().SequenceEqual(own.Value))
            await backend.ProposeAsync(own, own.Value, cancellationToken).ConfigureAwait(false);
        return await LookAsync(entry, cancellationToken).ConfigureAwait(false);
    }

    protected internal override async ValueTask<QueuePlace> LookAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        var own = (EtcdEntry)entry;
        // The own key is read back as well: nobody leads because of a deletion alone.
        var reply = await AskAsync(
            own,
            new TxnRequest
            {
                Compare = [Compare.Creation(own.Key.Own, entry.FencingToken)],
                Success = [Last(own.Key) with { MaxCreateRevision = entry.FencingToken - 1 }],
            },
            cancellationToken).ConfigureAwait(false);
        return reply is { Succeeded: true } seen ? Place(own, seen.Found, seen.Revision) : QueuePlace.Gone;
    }

    protected internal override async ValueTask LeaveAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        var own = (EtcdEntry)entry;
        if (!own.MayBeThere)
            return;
        if (entry.FencingToken != 0)
            await backend.Transactions.RunAsync(Delete(own.Key.Own, entry.FencingToken), own.Election, cancellationToken).ConfigureAwait(false);
        else
            await DeleteAsync(own.Key.Own, own.Election, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a key of this lease, whenever it was put there.</summary>
    private async ValueTask DeleteAsync(byte[] key, string election, CancellationToken cancellationToken)
    {
        var seen = await backend.Transactions.RunAsync(new TxnRequest { Success = [new RangeRequest(key)] }, election, cancellationToken).ConfigureAwait(false);
        if (seen.Found is { } there && there.Lease == LeaseId)
            await backend.Transactions.RunAsync(Delete(key, there.CreateRevision), election, cancellationToken).ConfigureAwait(false);
    }

    protected internal override async ValueTask<bool> RenewAsync(CancellationToken cancellationToken)
    {
        var sent = Clock.Time.GetTimestamp();
        var lease = await backend.Requests.KeepAliveAsync(LeaseId, cancellationToken).ConfigureAwait(false);
        if (lease.Ttl == 0)
            return false;
        Clock.Confirm(sent);
        if (_lastKey is { } key && backend.Requests.IsBehind(lease.Revision))
        {
            // One that sits nowhere asks nothing, and would keep alive what a backup brought back. The whole cluster knows.
            backend.InBackground(async () => await backend.Transactions.RunAsync(
                new TxnRequest { Success = [new RangeRequest(key.Own)] }, key.Text, CancellationToken.None).ConfigureAwait(false));
        }
        if (Clock.Time.GetElapsedTime(_lookedAt) >= Clock.Duration)
        {
            _lookedAt = Clock.Time.GetTimestamp();
            backend.InBackground(RemoveUnwantedAsync);
        }
        return true;
    }

    protected internal override ValueTask CloseAsync(CancellationToken cancellationToken) => backend.Requests.RevokeAsync(LeaseId, cancellationToken);

    /// <summary>
    /// Once per lease: keys that hang on it and that no candidate here knows of would stand in the queue for as long as it
    /// lives. A join brings one that nobody answered, and that a frozen member carries out when it thaws; so does a backup.
    /// </summary>
    private async Task RemoveUnwantedAsync()
    {
        var keys = await backend.Requests.KeysAsync(LeaseId, CancellationToken.None).ConfigureAwait(false);
        if (Unwanted() is [])
            return;
        var removed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _removing = removed.Task;
        try
        {
            // Again, as who comes from now on waits; and these came before.
            foreach (var key in Unwanted())
                await DeleteAsync(key, Encoding.UTF8.GetString(key), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            removed.SetResult();
        }

        byte[][] Unwanted()
        {
            var wanted = Entries.Select(entry => ((EtcdEntry)entry).Key.Text).ToHashSet(StringComparer.Ordinal);
            return [.. keys.Where(key => !wanted.Contains(Encoding.UTF8.GetString(key)))];
        }
    }

    /// <returns><see langword="null"/> when the lease is gone.</returns>
    private async ValueTask<EtcdOutcome?> AskAsync(EtcdEntry entry, TxnRequest txn, CancellationToken cancellationToken)
    {
        try
        {
            return await backend.Transactions.RunAsync(txn, entry.Election, cancellationToken).ConfigureAwait(false);
        }
        catch (ElectionStoreException e) when (e.InnerException is EtcdFailure { IsLeaseGone: true })
        {
            Clock.Revoke();
            return null;
        }
    }

    private static RangeRequest Last(EtcdKey key) =>
        new(key.Prefix) { RangeEnd = key.PrefixEnd, ByCreation = SortOrder.Descend, Limit = 1 };

    internal static TxnRequest Join(EtcdKey key, byte[] value, long leaseId) => new()
    {
        Compare = [Compare.Creation(key.Own, 0)],
        // Whoever is last before the own key is put, is the one to wait for.
        Success = [Last(key), new PutRequest(key.Own, value, leaseId)],
        Failure = [new RangeRequest(key.Own)],
    };

    internal static TxnRequest Delete(byte[] key, long createRevision) =>
        new() { Compare = [Compare.Creation(key, createRevision)], Success = [new DeleteRangeRequest(key)] };

    private QueuePlace Place(EtcdEntry own, KeyValue? predecessor, long revision)
    {
        if (predecessor is null)
        {
            own.IsFirst();
            backend.Leads(own);
            return QueuePlace.First;
        }
        own.WatchPredecessor(predecessor, revision);
        if (predecessor.Lease == 0)
            backend.WarnOfKeyWithoutLease(predecessor, own.Election);
        return QueuePlace.Behind;
    }
}
