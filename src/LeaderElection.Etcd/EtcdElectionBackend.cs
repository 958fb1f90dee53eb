using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using LeaderElection.Etcd.Protocol;
using LeaderElection.Sessions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaderElection.Etcd;

/// <summary>
/// Leader election on etcd (3.4 or later): candidates queue under the election's name, and the one with the lowest
/// create revision leads. The layout is that of etcd's own <c>concurrency.Election</c>, so Go programs and
/// <c>etcdctl elect</c> compete in the same elections.
/// </summary>
/// <remarks>
/// <para>Keys: <c>NAME/LEASE</c>, the lease's id in hexadecimal, bound to that lease; the value is the candidate's id,
/// or what it proclaimed. The fencing token is the key's create revision. All elections of a process share one lease,
/// one keep-alive, one connection and one stream of watches; several seats in one election have a lease each.</para>
/// <para>Other programs must not keep keys under <c>NAME/</c>: each would count as a candidate.</para>
/// </remarks>
public sealed class EtcdElectionBackend : SessionBackend
{
    private readonly EtcdConnection _connection;
    private readonly ConcurrentDictionary<(string Election, long FencingToken), EtcdEntry> _leading = new();
    private readonly ConcurrentDictionary<(string Election, long Created), bool> _withoutLease = new();
    private readonly ConcurrentDictionary<EtcdSession, bool> _sessions = new();
    private readonly long _seconds;
    private bool _toldOfLongerLease;

    /// <summary>Creates the backend; it connects when it is first needed.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options contradict each other.</exception>
    /// <exception cref="ElectionStoreException">A certificate or key file cannot be read.</exception>
    public EtcdElectionBackend(EtcdElectionOptions options, ILogger<EtcdElectionBackend>? logger = null, TimeProvider? time = null)
        : base("etcd", options, time, logger ?? NullLogger<EtcdElectionBackend>.Instance)
    {
        _seconds = (long)Math.Ceiling(options.LeaseDuration.TotalSeconds);
        _connection = new EtcdConnection(options, Time);
        var history = new EtcdHistory();
        Requests = new EtcdRequests(_connection, history);
        Transactions = new EtcdTransactions(Requests);
        Watches = new EtcdWatches(_connection, Time, CreateBackoff(), StoreWarning);
        history.WentBack += (from, to) =>
        {
            StoreWarning(FormattableString.Invariant(
                $"etcd's revision fell from {from} to {to}, and fencing tokens with it: it was emptied, or restored without --bump-revision"));
            Watches.StartOver(to);
            // Keys that were given back may be there again, under leases that this process renews.
            foreach (var session in _sessions.Keys)
                session.Clock.Revoke();
        };
    }

    internal EtcdRequests Requests { get; }

    internal EtcdTransactions Transactions { get; }

    internal EtcdWatches Watches { get; }

    /// <summary>
    /// That the leadership still holds, as a condition for transactions of your own: etcd refuses what is written under
    /// it once another leads.
    /// </summary>
    /// <exception cref="InvalidOperationException">The leadership has ended, or is not one of this backend.</exception>
    public EtcdCondition Guard(Leadership leadership) => EntryOf(leadership) is { } entry
        ? new EtcdCondition(entry.Key.Text, entry.FencingToken)
        : throw new InvalidOperationException(
            $"{leadership.CandidateId} does not lead '{leadership.ElectionName}' any more (fencing token {leadership.FencingToken}).");

    /// <summary>Writes a key of yours, in one transaction with the condition that the leadership holds.</summary>
    /// <returns>Whether it was written; <see langword="false"/> when the leadership is over: then nothing was.</returns>
    /// <param name="leadership">The leadership to write under.</param>
    /// <param name="key">The key; not one under the name of an election.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ElectionStoreException">etcd failed or refused. When it gave no answer it may have written.</exception>
    public async ValueTask<bool> PutAsync(Leadership leadership, string key, string value, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(value);
        if (EntryOf(leadership) is not { } entry)
            return false;
        var reply = await Requests.TxnOnceAsync(
            Guarded(entry, new PutRequest(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value))), cancellationToken).ConfigureAwait(false);
        return reply.Succeeded;
    }

    /// <summary>Changes the leader's value, which observers see in place of the candidate's id.</summary>
    /// <returns>Whether it was changed; <see langword="false"/> when the leadership is over.</returns>
    /// <exception cref="ElectionStoreException">etcd failed or refused.</exception>
    public async ValueTask<bool> ProclaimAsync(Leadership leadership, string value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        return EntryOf(leadership) is { } entry && await ProposeAsync(entry, Encoding.UTF8.GetBytes(value), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives the entry's key another value.</summary>
    /// <returns>Whether it has that; <see langword="false"/> when the key is gone.</returns>
    internal async ValueTask<bool> ProposeAsync(EtcdEntry entry, byte[] value, CancellationToken cancellationToken)
    {
        var look = new TxnRequest { Compare = [Compare.Creation(entry.Key.Own, entry.FencingToken)], Success = [new RangeRequest(entry.Key.Own)] };
        while (true)
        {
            var seen = await Transactions.RunAsync(look, entry.Election, cancellationToken).ConfigureAwait(false);
            if (seen.Found is not { } own)
                return false;
            if (own.Value.AsSpan().SequenceEqual(value))
                return true;
            if ((await Transactions.RunAsync(Replace(own, value, entry.Session.LeaseId), entry.Election, cancellationToken).ConfigureAwait(false)).Succeeded)
                return true;
        }
    }

    /// <summary>Somebody put a key into the queue that no death will take away.</summary>
    internal void WarnOfKeyWithoutLease(KeyValue key, string election)
    {
        if (_withoutLease.TryAdd((election, key.CreateRevision), true))
            StoreWarning($"the key {ElectionNames.Printable(Encoding.UTF8.GetString(key.Key), 200)} stands in election {election} without a lease; nobody behind it is elected until somebody deletes it");
    }

    /// <summary>The entry leads from now on.</summary>
    internal void Leads(EtcdEntry entry) => _leading[(entry.Election, entry.FencingToken)] = entry;

    /// <summary>The entry is gone.</summary>
    internal void Left(EtcdEntry entry) => _leading.TryRemove((entry.Election, entry.FencingToken), out _);

    /// <summary>All at once: they go out a hundred in a transaction.</summary>
    protected override TimeSpan LooksTake => TimeSpan.Zero;

    /// <inheritdoc/>
    protected override async ValueTask<Session> OpenSessionAsync(CancellationToken cancellationToken)
    {
        // Random, so that a lease of before a restart, or of another program, is never taken for ours.
        var id = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) & long.MaxValue;
        var clock = CreateClock();
        var sent = Time.GetTimestamp();
        var granted = await Requests.GrantAsync(id, _seconds, cancellationToken).ConfigureAwait(false);
        if (granted < _seconds)
            throw new ElectionStoreException($"etcd granted a lease of {granted} s instead of {_seconds} s", isTransient: true);
        clock.Confirm(sent);
        if (granted > _seconds && !Interlocked.Exchange(ref _toldOfLongerLease, true))
            StoreWarning($"leases last {granted} s at this server, not {_seconds} s: so long it takes to replace a leader that crashed");
        var session = new EtcdSession(this, id, clock);
        _sessions.TryAdd(session, true);
        clock.Lost.UnsafeRegister(_ => _sessions.TryRemove(session, out bool _), null);
        return session;
    }

    /// <inheritdoc/>
    protected internal override async ValueTask<LeaderInfo?> ReadAsync(Waiter observer, CancellationToken cancellationToken)
    {
        var range = EtcdKey.RangeOf(observer.Election);
        var observation = observer.Subscription as EtcdObservation;
        // Until the answer is there, any change may be one of the leader.
        observation?.Heed(null);
        var outcome = await Transactions.RunAsync(
            new TxnRequest { Success = [new RangeRequest(range.Prefix) { RangeEnd = range.PrefixEnd, ByCreation = SortOrder.Ascend, Limit = 1 }] },
            observer.Election, cancellationToken).ConfigureAwait(false);
        if (observation is null)
            observer.ListenTo(observation = new EtcdObservation(Watches, observer, range, outcome.Revision));
        observation.Heed(outcome.Found);
        return outcome.Found is { } leader
            ? new LeaderInfo(ElectionNames.Printable(Encoding.UTF8.GetString(leader.Value), ElectionNames.MaxLength), leader.CreateRevision, Time.GetUtcNow())
            : null;
    }

    /// <inheritdoc/>
    protected override async ValueTask PingStoreAsync(CancellationToken cancellationToken) =>
        await Requests.StatusAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    protected override async ValueTask CloseAsync()
    {
        await Watches.DisposeAsync().ConfigureAwait(false);
        _connection.Dispose();
    }

    /// <summary>Only over what was seen: a duplicate that arrives late must not undo what came after it.</summary>
    internal static TxnRequest Replace(KeyValue seen, byte[] value, long leaseId) =>
        new() { Compare = [Compare.Change(seen.Key, seen.ModRevision)], Success = [new PutRequest(seen.Key, value, leaseId)] };

    private static TxnRequest Guarded(EtcdEntry entry, PutRequest put) =>
        new() { Compare = [Compare.Creation(entry.Key.Own, entry.FencingToken)], Success = [put] };

    private EtcdEntry? EntryOf(Leadership leadership)
    {
        ArgumentNullException.ThrowIfNull(leadership);
        return _leading.GetValueOrDefault((leadership.ElectionName, leadership.FencingToken));
    }
}
