using System.Collections.Concurrent;
using System.Globalization;
using LeaderElection.Leases;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaderElection.Redis;

/// <summary>
/// Leader election on one Redis server (5.0 or later), or on the majority of several: every step is a script, so it is
/// atomic; followers are woken by pub/sub and by the lease's end.
/// </summary>
/// <remarks>
/// <para>Keys, under the prefix: <c>election:NAME</c> = "lease claim token since candidate", or "- token" once
/// released, or "? time" since it was found missing; <c>token:NAME</c>, the counter of fencing tokens, with the last leader's
/// lease in ms; <c>lease:ID</c> = candidate, with the expiry that is the lease. A leader leads while its entry names a lease
/// that lives, as with etcd's leases: one renewal keeps all elections of a process.</para>
/// <para>A single Redis replicates asynchronously: a fail-over can forget a lease, and so can a restart without
/// <c>appendfsync always</c> or an eviction. Candidates that saw the leader then wait its lease out, but new ones
/// cannot know; what the leader writes to must check the fencing token. Independent servers with a majority among them (three, of
/// which any one may fail or forget) do not have that gap.</para>
/// </remarks>
public sealed class RedisElectionBackend : LeaseBackend
{
    private readonly ConcurrentDictionary<(string Election, long FencingToken), RedisCondition> _leading = new();
    private readonly RedisKeys _keys;
    private readonly IRedisStore _store;

    /// <summary>Creates the backend; it connects when it is first needed.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options contradict each other.</exception>
    public RedisElectionBackend(RedisElectionOptions options, ILogger<RedisElectionBackend>? logger = null, TimeProvider? time = null)
        : base("redis", options, time, logger ?? NullLogger<RedisElectionBackend>.Instance)
    {
        _keys = new RedisKeys(options.KeyPrefix);
        var servers = options.Servers();
        var events = new RedisEvents(OnMessage, OnReconnected, StoreWarning);
        RedisNode[] nodes = [.. servers.Select(server => new RedisNode(
            server, options.KeyPrefix, options.LeaseDuration, isOneOfSeveral: servers.Length > 1, events, Time))];
        _store = nodes is [var only] ? only : new RedisMajority(nodes, options.LeaseDuration, Time, StoreWarning);
    }

    /// <summary>
    /// That the leadership still holds, as a condition for transactions and scripts of your own: Redis refuses what is
    /// written under it once another leads.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The leadership has ended, or is not one of this backend; or it is one of several servers, none of which knows alone.
    /// </exception>
    public RedisCondition Guard(Leadership leadership)
    {
        TheOnlyServer();
        return ConditionOf(leadership) ?? throw new InvalidOperationException(
            $"{leadership.CandidateId} does not lead '{leadership.ElectionName}' any more (fencing token {leadership.FencingToken}).");
    }

    /// <summary>Sets a key of yours, in one step with the check that the leadership holds.</summary>
    /// <returns>Whether it was set; <see langword="false"/> when the leadership is over: then nothing was.</returns>
    /// <param name="leadership">The leadership to write under.</param>
    /// <param name="key">The key; on a Redis Cluster in the slot of the elections, as <c>{leader-election}:…</c> is.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ElectionStoreException">Redis failed or refused. When it gave no answer it may have written.</exception>
    /// <exception cref="InvalidOperationException">The elections are on several servers, none of which knows alone who leads.</exception>
    public async ValueTask<bool> SetAsync(Leadership leadership, string key, string value, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(value);
        var server = TheOnlyServer();
        return ConditionOf(leadership) is { } condition && await server.SetAsync(condition, key, value, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected internal override async ValueTask<ClaimReply> ClaimAsync(LeaseClaim claim, CancellationToken cancellationToken)
    {
        var reply = await _store.ClaimAsync(claim, cancellationToken).ConfigureAwait(false);
        if (_store is RedisNode && reply is { Answer: ClaimAnswer.Won, Leader: { } leader })
        {
            _leading[(claim.Election, leader.FencingToken)] =
                new RedisCondition(_keys.Election(claim.Election), RedisKeys.Entry(claim, leader), _keys.Lease(claim.LeaseId));
        }
        return reply;
    }

    /// <inheritdoc/>
    protected internal override async ValueTask<RenewReply> RenewAsync(string leaseId, IReadOnlyList<LeaseClaim> held, CancellationToken cancellationToken) =>
        await _store.RenewAsync(leaseId, held, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    protected internal override async ValueTask GiveBackAsync(LeaseRelease release, CancellationToken cancellationToken)
    {
        Forget(release);
        await _store.GiveBackAsync(release, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected internal override async ValueTask<LeaseRecord?> ReadAsync(string election, CancellationToken cancellationToken) =>
        await _store.ReadAsync(election, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    protected internal override async ValueTask<IReadOnlyList<LeaseHolder?>> LookAsync(IReadOnlyList<string> elections, CancellationToken cancellationToken) =>
        await _store.LookAsync(elections, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    protected override async ValueTask PingStoreAsync(CancellationToken cancellationToken) =>
        await _store.PingAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    protected override ValueTask CloseAsync() => _store.DisposeAsync();

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
            if (condition.LeaseKey == _keys.Lease(release.LeaseId))
                _leading.TryRemove(leadership, out _);
        }
    }

    private RedisCondition? ConditionOf(Leadership leadership)
    {
        ArgumentNullException.ThrowIfNull(leadership);
        return _leading.GetValueOrDefault((leadership.ElectionName, leadership.FencingToken));
    }

    private RedisNode TheOnlyServer() => _store as RedisNode
        ?? throw new InvalidOperationException("The elections are kept by the majority of several servers, none of which knows alone who leads; have the resource check the fencing token.");

    private void OnMessage(string message)
    {
        switch (message.Split(' '))
        {
            case ["released", var election]:
                OnChanged(election);
                break;
            case ["elected", .. var elected]:
                OnElected(elected);
                break;
            case ["alive", var lease, var milliseconds] when long.TryParse(milliseconds, CultureInfo.InvariantCulture, out var number):
                OnLeaseAlive(lease, TimeSpan.FromMilliseconds(Math.Clamp(number, 0, TimeSpan.MillisecondsPerDay)));
                break;
            case ["ended", var lease]:
                OnLeaseEnded(lease);
                break;
        }
    }

    /// <summary>All that were elected in one call: their elections, each with the token.</summary>
    private void OnElected(ReadOnlySpan<string> elected)
    {
        for (; elected is [var election, var token, ..]; elected = elected[2..])
        {
            // One of several servers may elect somebody whom the others do not.
            if (_store is RedisMajority)
                OnChanged(election);
            else if (long.TryParse(token, CultureInfo.InvariantCulture, out var number))
                OnElected(election, number);
        }
    }
}
