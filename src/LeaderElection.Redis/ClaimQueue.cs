using LeaderElection.Leases;
using StackExchange.Redis;

namespace LeaderElection.Redis;

/// <summary>
/// The claims to one server. Those that are made at the same time go out in one call: a claim that finds no call under
/// way goes at once, and alone; those that come meanwhile wait for its end, and go together.
/// </summary>
internal sealed class ClaimQueue(RedisConnection connection, RedisKeys keys, TimeSpan leaseDuration, TimeSpan quarantine)
{
    /// <summary>The server does nothing else meanwhile: for a millisecond or so.</summary>
    private const int MostInOneCall = 128;

    private readonly Lock _lock = new();
    private readonly Queue<Claimant> _waiting = new();
    private readonly RedisValue[] _common =
        [(long)leaseDuration.TotalMilliseconds, keys.LeasePrefix, keys.Channel, (long)quarantine.TotalMilliseconds];

    private List<Claimant>? _underWay;

    /// <summary>Puts a claim to the server.</summary>
    /// <returns>What the script answers to it.</returns>
    public async Task<RedisValue[]> RunAsync(LeaseClaim claim, CancellationToken cancellationToken)
    {
        var claimant = new Claimant(claim);
        List<Claimant>? call = null;
        lock (_lock)
        {
            _waiting.Enqueue(claimant);
            if (_underWay is null)
                _underWay = call = [];
        }
        if (call is not null)
            _ = CallAsync(call);
        try
        {
            var (answer, failure) = await claimant.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (failure is not null)
                throw connection.Explain(failure);
            var fields = (RedisValue[])answer!;
            return fields[0] == "error" ? throw connection.Explain(fields[1].ToString()) : fields;
        }
        catch (OperationCanceledException e)
        {
            Withdraw(claimant);
            throw connection.ExplainEnd(e);
        }
    }

    private async Task CallAsync(List<Claimant> call)
    {
        RedisResult[] answers = [];
        Exception? failure = null;
        try
        {
            answers = await connection.StartAsync(database => SendAsync(database, call)).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Told to those who wait for it.
            failure = e;
        }

        // This may be the one thread that reads replies: what follows is done by others.
        if (Next(call, failure) is { } next)
            _ = Task.Run(() => CallAsync(next));
        for (var i = 0; i < call.Count; i++)
            call[i].Answer.TrySetResult((failure is null ? answers[i] : null, failure));
    }

    private async Task<RedisResult[]> SendAsync(IDatabase database, List<Claimant> call)
    {
        // Only now: who went away before there was a connection has not claimed.
        Take(call);
        if (call is not [{ Claim.LeaseId: var lease }, ..])
            return [];
        var names = new List<RedisKey>(2 + (2 * call.Count)) { keys.Lease(lease), keys.Since };
        var values = new List<RedisValue>(5 + (7 * call.Count)) { lease };
        values.AddRange(_common);
        foreach (var claim in call.Select(c => c.Claim))
        {
            names.AddRange([keys.Election(claim.Election), keys.Token(claim.Election)]);
            values.AddRange([
                claim.ClaimId, claim.CandidateId, claim.Election, claim.LeaseMustExist ? "1" : "0", claim.WatchedLeaseId ?? "",
                claim.HighestToken, claim.HasWaited ? "1" : "0",
            ]);
        }
        return (RedisResult[])(await RedisScript.Claim.RunAsync(database, [.. names], [.. values]).ConfigureAwait(false))!;
    }

    /// <summary>Takes those who wait, of one lease and not too many.</summary>
    private void Take(List<Claimant> call)
    {
        lock (_lock)
        {
            while (call.Count < MostInOneCall && _waiting.TryPeek(out var next))
            {
                if (!next.HasLeft && call.Count > 0 && next.Claim.LeaseId != call[0].Claim.LeaseId)
                    break;
                _waiting.Dequeue();
                if (next.HasLeft)
                    continue;
                next.Call = call;
                call.Add(next);
            }
        }
    }

    /// <summary>The call after this one; <see langword="null"/> when nobody waits, or it was not waited for.</summary>
    private List<Claimant>? Next(List<Claimant> call, Exception? failure)
    {
        lock (_lock)
        {
            // Without a connection it fails for all.
            if (failure is not null && call.Count == 0)
            {
                call.AddRange(_waiting);
                _waiting.Clear();
            }
            return _underWay == call ? _underWay = _waiting.Count > 0 ? [] : null : null;
        }
    }

    /// <summary>A claim that was not sent yet never is. A call that nobody waits for any more does not hold up others.</summary>
    private void Withdraw(Claimant claimant)
    {
        List<Claimant>? next = null;
        lock (_lock)
        {
            claimant.HasLeft = true;
            if (claimant.Call is { } call && call.TrueForAll(c => c.HasLeft))
                next = Next(call, failure: null);
        }
        if (next is not null)
            _ = CallAsync(next);
    }

    private sealed class Claimant(LeaseClaim claim)
    {
        public LeaseClaim Claim { get; } = claim;

        public TaskCompletionSource<(RedisResult? Reply, Exception? Failure)> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>What it was sent in.</summary>
        public List<Claimant>? Call { get; set; }

        public bool HasLeft { get; set; }
    }
}
