using LeaderElection.Etcd.Protocol;

namespace LeaderElection.Etcd;

/// <summary>
/// Runs transactions: at once while few are under way, and many as the steps of one when more come than etcd answers,
/// as when a process joins a thousand elections.
/// </summary>
internal sealed class EtcdTransactions(EtcdRequests requests)
{
    private const int Width = 4;

    /// <summary>Well below the 128 operations that etcd allows in a transaction, those of the steps included.</summary>
    private const int LargestBatch = 100;

    private readonly Lock _lock = new();
    private readonly Queue<Waiting> _waiting = new();
    private int _underWay;

    /// <summary>Runs a transaction on the keys of one election.</summary>
    /// <exception cref="ElectionStoreException">It failed; inside is an <see cref="EtcdFailure"/>.</exception>
    public async ValueTask<EtcdOutcome> RunAsync(TxnRequest txn, string election, CancellationToken cancellationToken)
    {
        Waiting? waiting = null;
        lock (_lock)
        {
            if (_underWay < Width)
                _underWay++;
            else
                _waiting.Enqueue(waiting = new Waiting(txn, election, cancellationToken));
        }
        if (waiting is not null)
            return await waiting.Done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return Outcome(await requests.TxnAsync(txn, cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            SendNext();
        }
    }

    /// <summary>A request has ended: the next takes its place.</summary>
    private void SendNext()
    {
        List<Waiting> batch;
        lock (_lock)
        {
            batch = Take_NeedsLock();
            if (batch.Count == 0)
                _underWay--;
        }
        if (batch.Count > 0)
            _ = SendAsync(batch);
    }

    private async Task SendAsync(List<Waiting> batch)
    {
        if (batch.Count == 1)
            await RunAsync(batch[0]).ConfigureAwait(false);
        else
            await RunAsync(batch).ConfigureAwait(false);
        SendNext();
    }

    /// <summary>At most one of each election: all steps have one revision, so one could not tell what another did before or after it.</summary>
    private List<Waiting> Take_NeedsLock()
    {
        var batch = new List<Waiting>();
        var elections = new HashSet<string>();
        for (var left = _waiting.Count; left > 0 && batch.Count < LargestBatch; left--)
        {
            var next = _waiting.Dequeue();
            if (next.Stop.IsCancellationRequested)
                next.Done.TrySetCanceled(next.Stop);
            else if (elections.Add(next.Election))
                batch.Add(next);
            else
                _waiting.Enqueue(next);
        }
        return batch;
    }

    private async Task RunAsync(List<Waiting> batch)
    {
        try
        {
            var whole = new TxnRequest { Success = [.. batch.Select(w => w.Txn)] };
            var reply = await requests.TxnAsync(whole, CancellationToken.None).ConfigureAwait(false);
            var revision = EtcdOutcome.RevisionOf(reply);
            if (reply.Responses.Count != batch.Count || reply.Responses.Exists(r => r.Txn is null))
                throw EtcdOutcome.Senseless();
            foreach (var (waiting, response) in batch.Zip(reply.Responses))
                waiting.Done.TrySetResult(EtcdOutcome.Of(response.Txn!, revision));
        }
        catch (ElectionStoreException e) when (e.InnerException is EtcdFailure { IsOfEndpoint: false })
        {
            // One of them is refused, and with it all: each is told by itself.
            foreach (var waiting in batch)
                await RunAsync(waiting).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            foreach (var waiting in batch)
                waiting.Fail(e);
        }
    }

    private async Task RunAsync(Waiting waiting)
    {
        try
        {
            var reply = await requests.TxnAsync(waiting.Txn, waiting.Stop).ConfigureAwait(false);
            waiting.Done.TrySetResult(Outcome(reply));
        }
        catch (Exception e)
        {
            waiting.Fail(e);
        }
    }

    private static EtcdOutcome Outcome(TxnResponse reply) => EtcdOutcome.Of(reply, EtcdOutcome.RevisionOf(reply));

    private sealed record Waiting(TxnRequest Txn, string Election, CancellationToken Stop)
    {
        public TaskCompletionSource<EtcdOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Fail(Exception error)
        {
            if (Done.TrySetException(error))
                // Who called it off does not look.
                _ = Done.Task.Exception;
        }
    }
}
