using LeaderElection.Etcd.Protocol;
using LeaderElection.Leases;
using LeaderElection.Sessions;

namespace LeaderElection.Etcd;

/// <summary>A lease of etcd, with the keys of this process's candidates bound to it.</summary>
internal sealed class EtcdSession(EtcdElectionBackend backend, long leaseId, LeaseClock clock) : Session(clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, EtcdLateJoin> _late = [];
    private EtcdKey? _lastKey;

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
        own.MayComeLate |= own.MayBeThere | await ForgetLateJoinAsync(key).ConfigureAwait(false);
        own.MayBeThere = true;
        _lastKey = key;
        var join = Join(key, own.Value, LeaseId);
        var reply = await AskAsync(own, join, cancellationToken).ConfigureAwait(false);
        own.MayComeLate |= join.WasRepeated;
        if (reply is not { } joined)
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
        {
            await backend.Transactions.RunAsync(Delete(own.Key.Own, entry.FencingToken), own.Election, cancellationToken).ConfigureAwait(false);
            if (!own.MayComeLate)
                return;
        }
        // Nobody knows whether a join had its effect, or will have it yet: then it is undone when it does.
        UndoLateJoin(own, await DeleteAsync(own, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Deletes the entry's key, whoever put it there.</summary>
    /// <returns>The revision as of which it is not there.</returns>
    internal async ValueTask<long> DeleteAsync(EtcdEntry entry, CancellationToken cancellationToken)
    {
        var seen = await backend.Transactions.RunAsync(
            new TxnRequest { Success = [new RangeRequest(entry.Key.Own)] }, entry.Election, cancellationToken).ConfigureAwait(false);
        if (seen.Found is { } there)
            await backend.Transactions.RunAsync(Delete(entry.Key.Own, there.CreateRevision), entry.Election, cancellationToken).ConfigureAwait(false);
        return seen.Revision;
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
        return true;
    }

    protected internal override async ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var late in _late.Values)
                late.Dispose();
            _late.Clear();
        }
        await backend.Requests.RevokeAsync(LeaseId, cancellationToken).ConfigureAwait(false);
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

    private void UndoLateJoin(EtcdEntry entry, long revision)
    {
        lock (_lock)
        {
            if (!HasEnded && !_late.ContainsKey(entry.Key.Text))
                _late.Add(entry.Key.Text, new EtcdLateJoin(backend, this, entry, revision));
        }
    }

    /// <returns>Whether one was expected, which may come as well while the key is there again, or after that.</returns>
    private async ValueTask<bool> ForgetLateJoinAsync(EtcdKey key)
    {
        EtcdLateJoin? late;
        lock (_lock) _late.Remove(key.Text, out late);
        if (late is null)
            return false;
        await late.EndAsync().ConfigureAwait(false);
        return true;
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
