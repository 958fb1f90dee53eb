using LeaderElection.Etcd.Protocol;

namespace LeaderElection.Etcd;

/// <summary>What is asked of etcd. Everything here may be asked twice: a lost reply does no harm.</summary>
internal sealed class EtcdRequests(EtcdConnection connection, EtcdHistory history)
{
    /// <summary>Grants a lease whose id we chose: the same request again finds it, and no id ever comes back after a restart.</summary>
    /// <returns>How many seconds it lasts; etcd may give more than was asked.</returns>
    public async ValueTask<long> GrantAsync(long id, long seconds, CancellationToken cancellationToken)
    {
        try
        {
            return (await connection.AskAsync(
                "Lease/LeaseGrant", new LeaseGrantRequest(id, seconds), LeaseResponse.Read, cancellationToken).ConfigureAwait(false)).Ttl;
        }
        catch (ElectionStoreException e) when (e.InnerException is EtcdFailure { IsLeaseThere: true })
        {
            // An earlier attempt of this very call, whose reply was lost.
            return (await KeepAliveAsync(id, cancellationToken).ConfigureAwait(false)).Ttl;
        }
    }

    /// <summary>Starts the lease's time anew.</summary>
    /// <returns>How long it lasts from now.</returns>
    public Task<LeaseResponse> KeepAliveAsync(long id, CancellationToken cancellationToken) =>
        connection.AskStreamAsync("Lease/LeaseKeepAlive", new LeaseRequest(id), LeaseResponse.Read, cancellationToken);

    /// <summary>Which keys hang on the lease.</summary>
    public Task<IReadOnlyList<byte[]>> KeysAsync(long id, CancellationToken cancellationToken) =>
        connection.AskAsync("Lease/LeaseTimeToLive", new LeaseKeysRequest(id), LeaseKeysResponse.Read, cancellationToken);

    /// <summary>Ends the lease, and deletes its keys.</summary>
    public async ValueTask RevokeAsync(long id, CancellationToken cancellationToken)
    {
        try
        {
            await connection.AskAsync("Lease/LeaseRevoke", new LeaseRequest(id), LeaseResponse.Read, cancellationToken).ConfigureAwait(false);
        }
        catch (ElectionStoreException e) when (e.InnerException is EtcdFailure { IsLeaseGone: true })
        {
            // It has ended already.
        }
    }

    public async Task<TxnResponse> TxnAsync(TxnRequest txn, CancellationToken cancellationToken)
    {
        var before = history.Highest;
        var reply = await connection.AskAsync("KV/Txn", txn, TxnResponse.Read, cancellationToken).ConfigureAwait(false);
        if (reply.Revision > 0)
            history.Saw(before, reply.Revision);
        return reply;
    }

    /// <summary>Whether an answer from one member alone is from before what the cluster has told: that member lags behind, or the store went back.</summary>
    public bool IsBehind(long revision) => revision > 0 && revision < history.Highest;

    /// <summary>A transaction that is sent once, because a second time it may do something else.</summary>
    public Task<TxnResponse> TxnOnceAsync(TxnRequest txn, CancellationToken cancellationToken) =>
        connection.AskOnceAsync("KV/Txn", txn, TxnResponse.Read, cancellationToken);

    /// <summary>Asks for a sign of life of the cluster, not of one member alone.</summary>
    public async ValueTask StatusAsync(CancellationToken cancellationToken)
    {
        var endpoint = connection.Channel.Endpoint;
        if (await connection.AskAsync("Maintenance/Status", new StatusRequest(), StatusResponse.Read, cancellationToken).ConfigureAwait(false) == 0)
            throw EtcdConnection.Error(endpoint, new EtcdFailure(EtcdFailure.NoAnswer, "no leader"));
    }
}
