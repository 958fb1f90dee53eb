using LeaderElection.Leases;
using StackExchange.Redis;

namespace LeaderElection.Redis;

/// <summary>One server, and the scripts that it runs.</summary>
/// <param name="connection">To the server.</param>
/// <param name="keys">The names of what is kept there.</param>
/// <param name="leaseDuration">The lease.</param>
/// <param name="quarantine">For how long it does not vote while it has no data yet; zero where it is the only one.</param>
internal sealed class RedisNode(RedisConnection connection, RedisKeys keys, TimeSpan leaseDuration, TimeSpan quarantine) : IRedisStore
{
    private readonly ClaimQueue _claims = new(connection, keys, leaseDuration, quarantine);
    private (IReadOnlyList<LeaseClaim> Held, RedisKey[] Keys, RedisValue[] Values)? _renewal;

    public string Name => connection.Name;

    public Task<ClaimReply> ClaimAsync(LeaseClaim claim, CancellationToken cancellationToken) => _claims.RunAsync(claim, Reply, cancellationToken);

    /// <summary>Claims where others decide too.</summary>
    public Task<NodeClaim> VoteAsync(LeaseClaim claim, CancellationToken cancellationToken) =>
        _claims.RunAsync(claim, (_, answer) => new NodeClaim(Reply(claim, answer), IsFresh: answer[0] == "fresh"), cancellationToken);

    public async Task<RenewReply> RenewAsync(string leaseId, IReadOnlyList<LeaseClaim> held, CancellationToken cancellationToken)
    {
        // The same list as last time means the same request: nothing is built anew while nothing changes.
        if (_renewal is not { } renewal || !ReferenceEquals(renewal.Held, held))
        {
            renewal = (
                held,
                [keys.Lease(leaseId), .. held.Select(c => (RedisKey)keys.Election(c.Election))],
                [leaseId, Milliseconds(leaseDuration), keys.Channel, .. held.Select(c => (RedisValue)c.ClaimId)]);
            _renewal = renewal;
        }
        var reply = await RunAsync(RedisScript.Renew, renewal.Keys, renewal.Values, cancellationToken).ConfigureAwait(false);
        if (reply.IsNull)
            return RenewReply.Gone;
        var lost = (RedisValue[])reply!;
        return lost is [] ? RenewReply.Renewed : new RenewReply(false, [.. lost.Select(i => held[(int)i])]);
    }

    public Task GiveBackAsync(LeaseRelease release, CancellationToken cancellationToken) => GiveBackAsync(release, isSilent: false, cancellationToken);

    /// <summary>Gives back, and tells those who wait unless that is of no use to them.</summary>
    public async Task GiveBackAsync(LeaseRelease release, bool isSilent, CancellationToken cancellationToken)
    {
        RedisKey lease = keys.Lease(release.LeaseId);
        await RunAsync(
            RedisScript.Release,
            release.Claim is { Election: var election } ? [lease, keys.Election(election), keys.Token(election)] : [lease],
            [
                release.LeaseId, release.EndsLease ? "1" : "0", isSilent ? "" : keys.Channel, release.Claim?.ClaimId ?? "",
                release.FencingToken, release.Claim?.Election ?? "",
            ],
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<LeaseRecord?> ReadAsync(string election, CancellationToken cancellationToken)
    {
        var reply = await RunAsync(RedisScript.Read, [keys.Election(election)], [keys.LeasePrefix], cancellationToken).ConfigureAwait(false);
        if (reply.IsNull)
            return null;
        var fields = (RedisValue[])reply!;
        return fields[0] == "held" ? Record(fields) : throw Foreign(election);
    }

    /// <summary>Counts the tokens on from this one, enters it for a claim that was won here, and tells those who wait.</summary>
    /// <returns>Whether the claim still stands here.</returns>
    public async Task<bool> RaiseAsync(LeaseClaim claim, LeaderInfo leader, CancellationToken cancellationToken) => (bool)await RunAsync(
        RedisScript.Raise,
        [keys.Election(claim.Election), keys.Token(claim.Election)],
        [$"{claim.LeaseId} {claim.ClaimId} ", leader.FencingToken, RedisKeys.Entry(claim, leader), keys.Channel, claim.Election],
        cancellationToken).ConfigureAwait(false);

    /// <summary>Enters a lease and its elections where nobody later has them: on a server that was away, or emptied.</summary>
    /// <returns>The positions of those that another has here.</returns>
    public async Task<IReadOnlyList<int>> AdoptAsync(
        string leaseId, IReadOnlyList<(LeaseClaim Claim, LeaderInfo Leader)> held, CancellationToken cancellationToken)
    {
        var reply = await RunAsync(
            RedisScript.Adopt,
            [keys.Lease(leaseId), .. held.SelectMany(h => new RedisKey[] { keys.Election(h.Claim.Election), keys.Token(h.Claim.Election) })],
            [
                leaseId, Milliseconds(leaseDuration), held[0].Claim.CandidateId,
                .. held.SelectMany(h => new RedisValue[] { h.Claim.ClaimId, h.Leader.FencingToken, RedisKeys.Entry(h.Claim, h.Leader) }),
            ],
            cancellationToken).ConfigureAwait(false);
        return [.. ((RedisValue[])reply!).Select(i => (int)i)];
    }

    public async Task<bool> SetAsync(RedisCondition condition, string key, string value, CancellationToken cancellationToken) => (bool)await RunAsync(
        RedisScript.Set, [condition.ElectionKey, condition.LeaseKey, key], [condition.Entry, value], cancellationToken).ConfigureAwait(false);

    public Task PingAsync(CancellationToken cancellationToken) => connection.RunAsync(db => db.PingAsync(), cancellationToken);

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private ClaimReply Reply(LeaseClaim claim, RedisValue[] answer) => (string?)answer[0] switch
    {
        "won" => ClaimReply.Won(new LeaderInfo(claim.CandidateId, (long)answer[1], At(answer[2]))),
        "held" => ClaimReply.Held(Record(answer)),
        "wait" or "fresh" => ClaimReply.Wait(TimeSpan.FromMilliseconds((long)answer[1])),
        "lease-gone" => ClaimReply.LeaseGone,
        _ => throw Foreign(claim.Election),
    };

    private static RedisValue Milliseconds(TimeSpan duration) => (long)duration.TotalMilliseconds;

    private static DateTimeOffset At(RedisValue unixMilliseconds) => DateTimeOffset.FromUnixTimeMilliseconds((long)unixMilliseconds);

    private static LeaseRecord Record(RedisValue[] fields) => new(
        new LeaderInfo((string)fields[1]!, (long)fields[2], At(fields[3])),
        (string)fields[4]!,
        TimeSpan.FromMilliseconds((long)fields[5]));

    private ElectionStoreException Foreign(string election) => new(
        $"{Name}: key {keys.Election(election)} holds something that is not an election; delete it, or choose another KeyPrefix",
        isTransient: false);

    private Task<RedisResult> RunAsync(RedisScript script, RedisKey[] names, RedisValue[] values, CancellationToken cancellationToken) =>
        connection.RunAsync(db => script.RunAsync(db, names, values), cancellationToken);
}
