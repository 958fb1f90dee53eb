using LeaderElection.Leases;
using StackExchange.Redis;

namespace LeaderElection.Redis;

/// <summary>
/// The claims to one server. Those that are made at the same time go out in one call: a claim that finds no call under
/// way goes at once, and alone; those that come meanwhile wait for its end, and go together.
/// </summary>
internal sealed class ClaimQueue(
    RedisConnection connection, RedisKeys keys, LeaseSightings sightings, RedisValue leaseDuration, RedisValue isOneOfSeveral)
{
    /// <summary>The server does nothing else meanwhile: for a millisecond or so.</summary>
    private const int MostInOneCall = 128;

    private readonly Lock _lock = new();
    private readonly Queue<Claimant> _waiting = new();
    private List<Claimant>? _underWay;

    /// <summary>Puts a claim to the server; again, where that first has to be told whose lease to look at.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="read">Reads what the script answers to it.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    public async Task<T> RunAsync<T>(LeaseClaim claim, Func<LeaseClaim, RedisValue[], T> read, CancellationToken cancellationToken)
    {
        var holder = claim.WatchedLeaseId ?? "";
        while (true)
        {
            var answer = await AskAsync(new Claimant(claim, holder), cancellationToken).ConfigureAwait(false);
            switch (connection.Read(() => (string?)answer[0]))
            {
                case "error":
                    throw connection.Explain(connection.Read(() => (string)answer[1]!));
                case "look":
                    holder = connection.Read(() => (string)answer[1]!);
                    continue;
                case "vacant":
                    var wait = connection.Read(() => sightings.Vanished((string)answer[1]!, TimeSpan.FromMilliseconds((long)answer[2])));
                    if (wait == TimeSpan.Zero)
                        continue;
                    answer[2] = (long)wait.TotalMilliseconds;
                    break;
                case "held":
                    connection.Read(() => sightings.Alive((string)answer[4]!, TimeSpan.FromMilliseconds((long)answer[5])));
                    break;
            }
            return connection.Read(() => read(claim, answer));
        }
    }

    private async Task<RedisValue[]> AskAsync(Claimant claimant, CancellationToken cancellationToken)
    {
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
            return await claimant.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Withdraw(claimant);
            throw;
        }
        catch (Exception e) when (RedisConnection.IsTrouble(e))
        {
            throw connection.Explain(e);
        }
    }

    /// <summary>Makes calls until nobody waits any more.</summary>
    private async Task CallAsync(List<Claimant>? call)
    {
        while (call is not null)
        {
            RedisValue[][] answers = [];
            Exception? failure = null;
            try
            {
                var reply = await connection.StartAsync(database => SendAsync(database, call)).ConfigureAwait(false);
                answers = connection.Read(() => Array.ConvertAll((RedisResult[])reply!, answer => (RedisValue[])answer!));
                if (answers.Length != call.Count)
                    failure = connection.Unreadable();
            }
            catch (Exception e)
            {
                // Told to those who wait for it.
                failure = e;
            }

            var next = Next(call, failure);
            for (var i = 0; i < call.Count; i++)
            {
                if (failure is null)
                    call[i].Answer.TrySetResult(answers[i]);
                else if (call[i].Answer.TrySetException(failure))
                    _ = call[i].Answer.Task.Exception;
            }
            call = next;
        }
    }

    private async Task<RedisResult> SendAsync(IDatabase database, List<Claimant> call)
    {
        // Only now: who went away before there was a connection has not claimed.
        Take(call);
        if (call.Count == 0)
            return RedisResult.Create(Array.Empty<RedisResult>(), ResultType.Array);
        var lease = call[0].Claim.LeaseId;
        List<RedisKey> names = [keys.Lease(lease), keys.Since];
        List<RedisValue> values = [lease, leaseDuration, keys.Channel, isOneOfSeveral];
        foreach (var claimant in call)
        {
            var (claim, holder) = (claimant.Claim, claimant.Holder);
            names.AddRange([keys.Election(claim.Election), keys.Token(claim.Election), keys.Lease(holder is "" ? lease : holder)]);
            values.AddRange([
                claim.ClaimId, claim.CandidateId, claim.Election, claim.LeaseMustExist ? "1" : "0", claim.WatchedLeaseId ?? "", claim.HighestToken,
                (long)claim.LongestLease.TotalMilliseconds, holder, holder is not "" && sightings.IsOver(holder) ? "1" : "0",
            ]);
        }
        return await database.ScriptEvaluateAsync(RedisScript.Claim, [.. names], [.. values], CommandFlags.DemandMaster).ConfigureAwait(false);
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

    private sealed class Claimant(LeaseClaim claim, string holder)
    {
        public LeaseClaim Claim { get; } = claim;

        /// <summary>The lease of whom the claimant takes for the holder; empty when it knows of none.</summary>
        public string Holder { get; } = holder;

        public TaskCompletionSource<RedisValue[]> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>What it was sent in.</summary>
        public List<Claimant>? Call { get; set; }

        public bool HasLeft { get; set; }
    }
}
