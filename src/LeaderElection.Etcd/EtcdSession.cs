using LeaderElection.Etcd.Protocol;
using LeaderElection.Leases;
using LeaderElection.Sessions;

namespace LeaderElection.Etcd;

/// <summary>A lease of etcd, with the keys of this process's candidates bound to it.</summary>
internal sealed class EtcdSession(EtcdElectionBackend backend, long leaseId, LeaseClock clock) : Session(clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, EtcdLateJoin> _late = [];

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
        await ForgetLateJoinAsync(key).ConfigureAwait(false);
        own.MayBeThere = true;
        // Whoever is last before the own key is put, is the one to wait for.
        var reply = await AskAsync(
            own,
            new TxnRequest
            {
                Compare = [new Compare(key.Own, 0)],
                Success = [Last(key), new PutRequest(key.Own, own.Value, LeaseId)],
                Failure = [new RangeRequest(key.Own)],
            },
            cancellationToken).ConfigureAwait(false);
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
                Compare = [new Compare(own.Key.Own, entry.FencingToken)],
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
            return;
        }
        // Nobody knows whether the join had its effect, or will have it yet: then it is undone when it does.
        var seen = await backend.Transactions.RunAsync(
            new TxnRequest { Success = [new RangeRequest(own.Key.Own)] }, own.Election, cancellationToken).ConfigureAwait(false);
        if (seen.Found is { } there)
            await backend.Transactions.RunAsync(Delete(own.Key.Own, there.CreateRevision), own.Election, cancellationToken).ConfigureAwait(false);
        else
            UndoLateJoin(own, seen.Revision);
    }

    protected internal override async ValueTask<bool> RenewAsync(CancellationToken cancellationToken)
    {
        var sent = Clock.Time.GetTimestamp();
        if (await backend.Requests.KeepAliveAsync(LeaseId, cancellationToken).ConfigureAwait(false) == 0)
            return false;
        Clock.Confirm(sent);
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
            if (!HasEnded)
                _late.TryAdd(entry.Key.Text, new EtcdLateJoin(backend, this, entry, revision));
        }
    }

    private async ValueTask ForgetLateJoinAsync(EtcdKey key)
    {
        EtcdLateJoin? late;
        lock (_lock) _late.Remove(key.Text, out late);
        if (late is not null)
            await late.EndAsync().ConfigureAwait(false);
    }

    private static RangeRequest Last(EtcdKey key) =>
        new(key.Prefix) { RangeEnd = key.PrefixEnd, ByCreation = SortOrder.Descend, Limit = 1 };

    internal static TxnRequest Delete(byte[] key, long createRevision) =>
        new() { Compare = [new Compare(key, createRevision)], Success = [new DeleteRangeRequest(key)] };

    private QueuePlace Place(EtcdEntry own, KeyValue? predecessor, long revision)
    {
        if (predecessor is null)
        {
            own.IsFirst();
            backend.Leads(own);
            return QueuePlace.First;
        }
        own.WatchPredecessor(predecessor, revision);
        return QueuePlace.Behind;
    }
}
