using LeaderElection.Etcd.Protocol;

namespace LeaderElection.Etcd;

/// <summary>What is asked of etcd. Everything here may be asked twice: a lost reply does no harm.</summary>
internal sealed class EtcdRequests(EtcdConnection connection)
{
    /// <summary>Grants a lease whose id we chose: the same request again finds it, and no id ever comes back after a restart.</summary>
    /// <returns>How many seconds it lasts; etcd may give more than was asked.</returns>
    public async ValueTask<long> GrantAsync(long id, long seconds, CancellationToken cancellationToken)
    {
        try
        {
            var granted = await connection.AskAsync(
                "lease/grant", new LeaseRequest(id, seconds), EtcdJson.Default.LeaseRequest, EtcdJson.Default.LeaseResponse, cancellationToken).ConfigureAwait(false);
            return granted.Ttl;
        }
        catch (ElectionStoreException e) when (e.InnerException is EtcdFailure { IsLeaseThere: true })
        {
            // An earlier attempt of this very call, whose reply was lost.
            return await KeepAliveAsync(id, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Starts the lease's time anew.</summary>
    /// <returns>How many seconds it lasts from now; 0 when it is gone.</returns>
    public async ValueTask<long> KeepAliveAsync(long id, CancellationToken cancellationToken)
    {
        var endpoint = connection.Endpoint;
        var reply = await connection.AskAsync(
            "lease/keepalive", new LeaseRequest(id), EtcdJson.Default.LeaseRequest, EtcdJson.Default.StreamItemLeaseResponse, cancellationToken).ConfigureAwait(false);
        return reply.Error is { } error ? throw EtcdConnection.Error(endpoint, error.ToFailure()) : reply.Result?.Ttl ?? 0;
    }

    /// <summary>Ends the lease, and deletes its keys.</summary>
    public async ValueTask RevokeAsync(long id, CancellationToken cancellationToken)
    {
        try
        {
            await connection.AskAsync(
                "lease/revoke", new LeaseRequest(id), EtcdJson.Default.LeaseRequest, EtcdJson.Default.LeaseResponse, cancellationToken).ConfigureAwait(false);
        }
        catch (ElectionStoreException e) when (e.InnerException is EtcdFailure { IsLeaseGone: true })
        {
            // It has ended already.
        }
    }

    public ValueTask<TxnResponse> TxnAsync(TxnRequest txn, CancellationToken cancellationToken) =>
        connection.AskAsync("kv/txn", txn, EtcdJson.Default.TxnRequest, EtcdJson.Default.TxnResponse, cancellationToken);

    /// <summary>A transaction that is sent once, because a second time it may do something else.</summary>
    public ValueTask<TxnResponse> TxnOnceAsync(TxnRequest txn, CancellationToken cancellationToken) =>
        connection.AskOnceAsync("kv/txn", txn, EtcdJson.Default.TxnRequest, EtcdJson.Default.TxnResponse, cancellationToken);

    /// <summary>Asks for a sign of life of the cluster, not of one member alone.</summary>
    public async ValueTask StatusAsync(CancellationToken cancellationToken)
    {
        var endpoint = connection.Endpoint;
        var status = await connection.AskAsync(
            "maintenance/status", new StatusRequest(), EtcdJson.Default.StatusRequest, EtcdJson.Default.StatusResponse, cancellationToken).ConfigureAwait(false);
        if (status.Leader == 0)
            throw EtcdConnection.Error(endpoint, new EtcdFailure(EtcdFailure.NoAnswer, "no leader"));
    }
}
