using System.Collections.Concurrent;
using System.Globalization;
using LeaderElection.Leases;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace LeaderElection.Redis;

/// <summary>
/// Leader election on one Redis server (5.0 or later): every step is a script, so it is atomic; followers are woken by
/// pub/sub and by the lease's end.
/// </summary>
/// <remarks>
/// <para>Keys, under the prefix: <c>election:NAME</c> = "lease claim token since candidate", or "- token" once
/// released; <c>token:NAME</c>, the counter of fencing tokens; <c>lease:ID</c> = candidate, with the expiry that is
/// the lease. A leader leads while its entry names a lease that lives, as with etcd's leases: one renewal keeps all
/// elections of a process.</para>
/// <para>Redis replicates asynchronously: a fail-over can forget a lease, and so can a restart without
/// <c>appendfsync always</c> or an eviction. Candidates that saw the leader then wait its lease out, but new ones
/// cannot know; what the leader writes to must check the fencing token.</para>
/// </remarks>
public sealed class RedisElectionBackend : LeaseBackend
{
    private readonly RedisElectionOptions _options;
    private readonly RedisConnection _connection;
    private readonly string _electionPrefix;
    private readonly string _tokenPrefix;
    private readonly string _leasePrefix;
    private readonly RedisValue _channel;
    private readonly ConcurrentDictionary<(string Election, long FencingToken), RedisCondition> _leading = new();
    private (IReadOnlyList<LeaseClaim> Held, RedisKey[] Keys, RedisValue[] Values)? _renewal;

    /// <summary>Creates the backend; it connects when it is first needed.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options contradict each other.</exception>
    public RedisElectionBackend(RedisElectionOptions options, ILogger<RedisElectionBackend>? logger = null, TimeProvider? time = null)
        : base("redis", options, time, logger ?? NullLogger<RedisElectionBackend>.Instance)
    {
        _options = options;
        _electionPrefix = options.KeyPrefix + ":election:";
        _tokenPrefix = options.KeyPrefix + ":token:";
        _leasePrefix = options.KeyPrefix + ":lease:";
        var channel = options.KeyPrefix + ":events";
        _channel = channel;
        _connection = new RedisConnection(options.ConnectionString!, channel, OnMessage, OnReconnected, Warn);
    }

    /// <summary>
    /// That the leadership still holds, as a condition for transactions and scripts of your own: Redis refuses what is
    /// written under it once another leads.
    /// </summary>
    /// <exception cref="InvalidOperationException">The leadership has ended, or is not one of this backend.</exception>
    public RedisCondition Guard(Leadership leadership) => ConditionOf(leadership) ?? throw new InvalidOperationException(
        $"{leadership.CandidateId} does not lead '{leadership.ElectionName}' any more (fencing token {leadership.FencingToken}).");

    /// <summary>Sets a key of yours, in one step with the check that the leadership holds.</summary>
    /// <returns>Whether it was set; <see langword="false"/> when the leadership is over: then nothing was.</returns>
    /// <param name="leadership">The leadership to write under.</param>
    /// <param name="key">The key; on a Redis Cluster in the slot of the elections, as <c>{leader-election}:…</c> is.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ElectionStoreException">Redis failed or refused. When it gave no answer it may have written.</exception>
    public async ValueTask<bool> SetAsync(Leadership leadership, string key, string value, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(value);
        if (ConditionOf(leadership) is not { } condition)
            return false;
        var reply = await RunAsync(
            RedisScript.Set, [condition.ElectionKey, condition.LeaseKey, key], [condition.Entry, value], cancellationToken).ConfigureAwait(false);
        return (bool)reply;
    }

    /// <inheritdoc/>
    protected override async ValueTask<ClaimReply> ClaimAsync(LeaseClaim claim, CancellationToken cancellationToken)
    {
        var reply = await RunAsync(
            RedisScript.Claim,
            [_electionPrefix + claim.Election, _tokenPrefix + claim.Election, _leasePrefix + claim.LeaseId],
            [
                claim.LeaseId, claim.ClaimId, claim.CandidateId, Milliseconds(_options.LeaseDuration), claim.LeaseMustExist ? "1" : "0",
                claim.WatchedLeaseId ?? "", claim.HighestToken, claim.Election, _leasePrefix, _channel,
            ],
            cancellationToken).ConfigureAwait(false);
        var fields = (RedisValue[])reply!;
        return (string?)fields[0] switch
        {
            "won" => Won(claim, fields[1], fields[2]),
            "held" => ClaimReply.Held(Record(fields)),
            "wait" => ClaimReply.Wait(_options.LeaseDuration),
            "lease-gone" => ClaimReply.LeaseGone,
            _ => throw Foreign(claim.Election),
        };
    }

    /// <inheritdoc/>
    protected override async ValueTask<RenewReply> RenewAsync(string leaseId, IReadOnlyList<LeaseClaim> held, CancellationToken cancellationToken)
    {
        // The same list as last time means the same request: nothing is built anew while nothing changes.
        if (_renewal is not { } renewal || !ReferenceEquals(renewal.Held, held))
        {
            renewal = (
                held,
                [_leasePrefix + leaseId, .. held.Select(c => (RedisKey)(_electionPrefix + c.Election))],
                [leaseId, Milliseconds(_options.LeaseDuration), _channel, .. held.Select(c => (RedisValue)c.ClaimId)]);
            _renewal = renewal;
        }
        var reply = await RunAsync(RedisScript.Renew, renewal.Keys, renewal.Values, cancellationToken).ConfigureAwait(false);
        if (reply.IsNull)
            return RenewReply.Gone;
        var lost = (RedisValue[])reply!;
        return lost is [] ? RenewReply.Renewed : new RenewReply(false, [.. lost.Select(i => held[(int)i])]);
    }

    /// <inheritdoc/>
    protected override async ValueTask GiveBackAsync(LeaseRelease release, CancellationToken cancellationToken)
    {
        RedisKey lease = _leasePrefix + release.LeaseId;
        Forget(release);
        // Remembered for longer than anybody who missed the message can believe in the old leader.
        var remembered = _options.LeaseDuration * 4 + TimeSpan.FromMinutes(1);
        await RunAsync(
            RedisScript.Release,
            release.Claim is { Election: var election } ? [lease, _electionPrefix + election] : [lease],
            [
                release.LeaseId, release.EndsLease ? "1" : "0", _channel, release.Claim?.ClaimId ?? "",
                release.FencingToken, release.Claim?.Election ?? "", Milliseconds(remembered),
            ],
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async ValueTask<LeaseRecord?> ReadAsync(string election, CancellationToken cancellationToken)
    {
        var reply = await RunAsync(RedisScript.Read, [_electionPrefix + election], [_leasePrefix], cancellationToken).ConfigureAwait(false);
        if (reply.IsNull)
            return null;
        var fields = (RedisValue[])reply!;
        return fields[0] == "held" ? Record(fields) : throw Foreign(election);
    }

    /// <inheritdoc/>
    protected override async ValueTask PingStoreAsync(CancellationToken cancellationToken) =>
        await _connection.RunAsync(db => db.PingAsync(), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    protected override ValueTask CloseAsync() => _connection.DisposeAsync();

    private ClaimReply Won(LeaseClaim claim, RedisValue token, RedisValue at)
    {
        _leading[(claim.Election, (long)token)] = new RedisCondition(
            _electionPrefix + claim.Election, $"{claim.LeaseId} {claim.ClaimId} {token} {at} {claim.CandidateId}", _leasePrefix + claim.LeaseId);
        return ClaimReply.Won(new LeaderInfo(claim.CandidateId, (long)token, At(at)));
    }

    /// <summary>No more conditions for what is given back: one election, or all that hang on the lease.</summary>
    private void Forget(LeaseRelease release)
    {
        if (release.Claim is { } claim)
        {
            _leading.TryRemove((claim.Election, release.FencingToken), out _);
            return;
        }
        foreach (var (leadership, condition) in _leading)
        {
            if (condition.LeaseKey == _leasePrefix + release.LeaseId)
                _leading.TryRemove(leadership, out _);
        }
    }

    private RedisCondition? ConditionOf(Leadership leadership)
    {
        ArgumentNullException.ThrowIfNull(leadership);
        return _leading.GetValueOrDefault((leadership.ElectionName, leadership.FencingToken));
    }

    private static RedisValue Milliseconds(TimeSpan duration) => (long)duration.TotalMilliseconds;

    private static DateTimeOffset At(RedisValue unixMilliseconds) => DateTimeOffset.FromUnixTimeMilliseconds((long)unixMilliseconds);

    private static LeaseRecord Record(RedisValue[] fields) => new(
        new LeaderInfo((string)fields[1]!, (long)fields[2], At(fields[3])),
        (string)fields[4]!,
        TimeSpan.FromMilliseconds((long)fields[5]));

    private ElectionStoreException Foreign(string election) => new(
        $"{_connection.Name}: key {_electionPrefix}{election} holds something that is not an election; delete it, or choose another KeyPrefix",
        isTransient: false);

    private Task<RedisResult> RunAsync(RedisScript script, RedisKey[] keys, RedisValue[] values, CancellationToken cancellationToken) =>
        _connection.RunAsync(db => script.RunAsync(db, keys, values), cancellationToken);

    private void Warn(string message) => StoreWarning(message);

    private void OnMessage(string message)
    {
        var words = message.Split(' ');
        switch (words)
        {
            case ["elected", var election, var token] when long.TryParse(token, CultureInfo.InvariantCulture, out var number):
                OnElected(election, number);
                break;
            case ["released", var election]:
                OnChanged(election);
                break;
            case ["alive", var lease, var milliseconds] when long.TryParse(milliseconds, CultureInfo.InvariantCulture, out var number):
                OnLeaseAlive(lease, TimeSpan.FromMilliseconds(Math.Clamp(number, 0, TimeSpan.MillisecondsPerDay)));
                break;
            case ["ended", var lease]:
                OnLeaseEnded(lease);
                break;
        }
    }
}
