using System.Globalization;
using LeaderElection.Leases;
using StackExchange.Redis;

namespace LeaderElection.Redis;

/// <summary>One server, and what is run there.</summary>
internal sealed class RedisNode : IRedisStore
{
    private const int KeysOfOneLook = 1000;

    private readonly RedisConnection _connection;
    private readonly RedisKeys _keys;
    private readonly LeaseSightings _sightings;
    private readonly ClaimQueue _claims;
    private readonly RedisValue _lease;
    private readonly RedisValue _isOneOfSeveral;

    /// <param name="server">The server's part of the connection string.</param>
    /// <param name="keyPrefix">What all keys begin with.</param>
    /// <param name="leaseDuration">The lease.</param>
    /// <param name="isOneOfSeveral">Whether others decide too: then a claim is given a vote, and a server that may have forgotten a leader gives none.</param>
    /// <param name="events">What is told besides answers.</param>
    /// <param name="time">Where time comes from.</param>
    public RedisNode(string server, string keyPrefix, TimeSpan leaseDuration, bool isOneOfSeveral, RedisEvents events, TimeProvider time)
    {
        var settings = RedisSettings.Read(server, leaseDuration, time);
        _keys = new RedisKeys(keyPrefix, settings.DefaultDatabase ?? 0);
        _sightings = new LeaseSightings(time);
        _lease = (long)leaseDuration.TotalMilliseconds;
        _isOneOfSeveral = isOneOfSeveral ? "1" : "0";
        _connection = new RedisConnection(settings, _keys.Channel, events with { OnMessage = OnMessage });
        _claims = new ClaimQueue(_connection, _keys, _sightings, _lease, _isOneOfSeveral);

        void OnMessage(string message)
        {
            switch (message.Split(' '))
            {
                case ["alive", var lease, var milliseconds] when long.TryParse(milliseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var number):
                    _sightings.Alive(lease, TimeSpan.FromMilliseconds(Math.Min(number, TimeSpan.MillisecondsPerDay)));
                    break;
                case ["ended", var lease]:
                    _sightings.Ended(lease);
                    break;
            }
            events.OnMessage(message);
        }
    }

    public string Name => _connection.Name;

    public Task<ClaimReply> ClaimAsync(LeaseClaim claim, CancellationToken cancellationToken) => _claims.RunAsync(claim, Reply, cancellationToken);

    /// <summary>Claims where others decide too.</summary>
    public Task<NodeClaim> VoteAsync(LeaseClaim claim, CancellationToken cancellationToken) =>
        _claims.RunAsync(claim, (_, answer) => new NodeClaim(Reply(claim, answer), IsFresh: answer[0] == "fresh"), cancellationToken);

    public Task<RenewReply> RenewAsync(string leaseId, IReadOnlyList<LeaseClaim> held, CancellationToken cancellationToken) => RunAsync(
        RedisScript.Renew,
        [_keys.Lease(leaseId), _keys.Since, .. held.Select(c => (RedisKey)_keys.Election(c.Election))],
        [leaseId, _lease, _keys.Channel, _isOneOfSeveral, .. held.Select(c => (RedisValue)c.ClaimId)],
        reply => reply.IsNull ? RenewReply.Gone
            : (RedisValue[])reply! is { Length: > 0 } lost ? new RenewReply(false, [.. lost.Select(i => held[(int)i])])
            : RenewReply.Renewed,
        cancellationToken);

    public Task GiveBackAsync(LeaseRelease release, CancellationToken cancellationToken) => GiveBackAsync(release, isSilent: false, cancellationToken);

    /// <summary>Gives back, and tells those who wait unless that is of no use to them.</summary>
    public Task GiveBackAsync(LeaseRelease release, bool isSilent, CancellationToken cancellationToken)
    {
        RedisKey lease = _keys.Lease(release.LeaseId);
        return RunAsync(
            RedisScript.Release,
            release.Claim is { Election: var election } ? [lease, _keys.Election(election), _keys.Token(election)] : [lease],
            [
                release.LeaseId, release.EndsLease ? "1" : "0", isSilent ? "" : _keys.Channel, release.Claim?.ClaimId ?? "",
                release.FencingToken, release.Claim?.Election ?? "",
            ],
            reply => (bool)reply,
            cancellationToken);
    }

    /// <remarks>
    /// Without a script, as the lease's key is not known before the entry: a leader whose lease lives a moment later led
    /// when the entry was read, and where it does not, nobody led at some moment in between.
    /// </remarks>
    public async Task<LeaseRecord?> ReadAsync(string election, CancellationToken cancellationToken)
    {
        var text = await _connection.RunAsync(db => db.StringGetAsync(_keys.Election(election), CommandFlags.DemandMaster), cancellationToken).ConfigureAwait(false);
        if (ElectionEntry.Parse(text) is not { } entry)
            throw Foreign(_keys.Election(election));
        if (entry is not { LeaseId: { } lease, Leader: { } leader })
            return null;
        var runs = await _connection.RunAsync(db => db.KeyTimeToLiveAsync(_keys.Lease(lease), CommandFlags.DemandMaster), cancellationToken).ConfigureAwait(false);
        return runs is { } remaining && remaining > TimeSpan.Zero ? new LeaseRecord(leader, lease, remaining) : null;
    }

    /// <summary>A plain read of many keys at once: cheap enough for thousands of elections, once per lease.</summary>
    public async Task<IReadOnlyList<LeaseHolder?>> LookAsync(IReadOnlyList<string> elections, CancellationToken cancellationToken)
    {
        var holders = new List<LeaseHolder?>(elections.Count);
        foreach (var some in elections.Chunk(KeysOfOneLook))
        {
            var entries = await _connection.RunAsync(
                db => db.StringGetAsync([.. some.Select(e => (RedisKey)_keys.Election(e))], CommandFlags.DemandMaster), cancellationToken).ConfigureAwait(false);
            holders.AddRange(entries.Select(entry => RedisKeys.Holder(entry)));
        }
        return holders;
    }

    /// <summary>Makes the vote that a claim was given here a leadership with this token, and tells those who wait.</summary>
    /// <returns>Whether the vote still stood.</returns>
    public Task<bool> RaiseAsync(LeaseClaim claim, LeaderInfo leader, CancellationToken cancellationToken) => RunAsync(
        RedisScript.Raise,
        [_keys.Election(claim.Election), _keys.Token(claim.Election)],
        [$"{claim.LeaseId} {claim.ClaimId} ", leader.FencingToken, RedisKeys.Entry(claim, leader), _keys.Channel, claim.Election, _lease],
        reply => (bool)reply,
        cancellationToken);

    /// <summary>Enters a lease and its leaderships where nobody later is entered: on a server that was away, or emptied, or gave its vote to another.</summary>
    /// <returns>The positions of those that another has here.</returns>
    public Task<IReadOnlyList<int>> AdoptAsync(
        string leaseId, IReadOnlyList<(LeaseClaim Claim, LeaderInfo Leader)> held, CancellationToken cancellationToken) => RunAsync<IReadOnlyList<int>>(
        RedisScript.Adopt,
        [_keys.Lease(leaseId), .. held.SelectMany(h => new RedisKey[] { _keys.Election(h.Claim.Election), _keys.Token(h.Claim.Election) })],
        [
            leaseId, _lease, held[0].Claim.CandidateId,
            .. held.SelectMany(h => new RedisValue[] { h.Claim.ClaimId, h.Leader.FencingToken, RedisKeys.Entry(h.Claim, h.Leader) }),
        ],
        reply => [.. ((RedisValue[])reply!).Select(i => (int)i)],
        cancellationToken);

    public Task<bool> SetAsync(RedisCondition condition, string key, string value, CancellationToken cancellationToken) => RunAsync(
        RedisScript.Set, [condition.ElectionKey, condition.LeaseKey, key], [condition.Entry, value], reply => (bool)reply, cancellationToken);

    public Task PingAsync(CancellationToken cancellationToken) => _connection.RunAsync(db => db.PingAsync(CommandFlags.DemandMaster), cancellationToken);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private ClaimReply Reply(LeaseClaim claim, RedisValue[] answer) => (string?)answer[0] switch
    {
        "won" => ClaimReply.Won(new LeaderInfo(claim.CandidateId, (long)answer[1], At(answer[2]))),
        "held" => ClaimReply.Held(new LeaseRecord(
            new LeaderInfo((string)answer[1]!, (long)answer[2], At(answer[3])), (string)answer[4]!, TimeSpan.FromMilliseconds((long)answer[5]))),
        "wait" or "fresh" or "vacant" => ClaimReply.Wait(TimeSpan.FromMilliseconds((long)answer[^1])),
        "lease-gone" => ClaimReply.LeaseGone,
        "foreign" => throw Foreign((string)answer[1]!),
        _ => throw _connection.Unreadable(),
    };

    private static DateTimeOffset At(RedisValue unixMilliseconds) => DateTimeOffset.FromUnixTimeMilliseconds((long)unixMilliseconds);

    private ElectionStoreException Foreign(string key) => new(
        $"{Name}: key {key} holds something that is not an election; delete it, or choose another KeyPrefix", isTransient: false);

    private async Task<T> RunAsync<T>(string script, RedisKey[] names, RedisValue[] values, Func<RedisResult, T> read, CancellationToken cancellationToken)
    {
        var reply = await _connection.RunAsync(
            db => db.ScriptEvaluateAsync(script, names, values, CommandFlags.DemandMaster), cancellationToken).ConfigureAwait(false);
        return _connection.Read(() => read(reply));
    }
}
