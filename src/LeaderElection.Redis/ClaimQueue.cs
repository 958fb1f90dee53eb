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

    private static readonly Task<RedisResult?> NoClaims = Task.FromResult<RedisResult?>(null);

    private readonly Lock _lock = new();
    private readonly Queue<Claimant> _waiting = new();
    private readonly RedisValue[] _common =
        [(long)leaseDuration.TotalMilliseconds, keys.LeasePrefix, keys.Channel, (long)quarantine.TotalMilliseconds];

    private List<Claimant>? _underWay;

    /// <summary>Puts a claim to the server.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="read">Reads what the script answers to it.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    public async Task<T> RunAsync<T>(LeaseClaim claim, Func<LeaseClaim, RedisValue[], T> read, CancellationToken cancellationToken)
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
            var answer = (RedisValue[])(await claimant.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false))!;
            return answer[0] == "error" ? throw connection.Explain(answer[1].ToString()) : read(claim, answer);
        }
        catch (OperationCanceledException e)
        {
            Withdraw(claimant);
            throw connection.ExplainEnd(e);
        }
        catch (Exception e) when (RedisConnection.IsOfRedis(e))
        {
            throw connection.Explain(e);
        }
    }

    private async Task CallAsync(List<Claimant> call)
    {
        RedisResult[] answers = [];
        Exception? failure = null;
        try
        {
            if (await connection.StartAsync(database => SendAsync(database, call)).ConfigureAwait(false) is { } reply)
                answers = (RedisResult[])reply!;
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
        {
            if (failure is null)
                call[i].Answer.TrySetResult(answers[i]);
            else if (call[i].Answer.TrySetException(failure))
                _ = call[i].Answer.Task.Exception;
        }
    }

    private Task<RedisResult?> SendAsync(IDatabase database, List<Claimant> call)
    {
        // Only now: who went away before there was a connection has not claimed.
        Take(call);
        if (call.Count == 0)
            return NoClaims;
        var lease = call[0].Claim.LeaseId;
        var names = new RedisKey[2 + (2 * call.Count)];
        var values = new RedisValue[5 + (7 * call.Count)];
        (names[0], names[1], values[0]) = (keys.Lease(lease), keys.Since, lease);
        _common.CopyTo(values, 1);
        for (var i = 0; i < call.Count; i++)
        {
            var claim = call[i].Claim;
            (names[2 + (2 * i)], names[3 + (2 * i)]) = (keys.Election(claim.Election), keys.Token(claim.Election));
            var at = 5 + (7 * i);
            values[at] = claim.ClaimId;
            values[at + 1] = claim.CandidateId;
            values[at + 2] = claim.Election;
            values[at + 3] = claim.LeaseMustExist ? "1" : "0";
            values[at + 4] = claim.WatchedLeaseId ?? "";
            values[at + 5] = claim.HighestToken;
            values[at + 6] = (long)claim.LongestLease.TotalMilliseconds;
        }
        return RedisScript.Claim.RunAsync(database, names, values)!;
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

        public TaskCompletionSource<RedisResult> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>What it was sent in.</summary>
        public List<Claimant>? Call { get; set; }

        public bool HasLeft { get; set; }
    }
}
