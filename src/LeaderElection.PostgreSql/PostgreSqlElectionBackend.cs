using System.Collections.Concurrent;
using System.Globalization;
using LeaderElection.Leases;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaderElection.PostgreSql;

/// <summary>
/// Leader election in a PostgreSQL database (13 or later): a row for each election and for the lease of each process; followers are
/// woken by <c>NOTIFY</c>, and by the lease's end.
/// </summary>
/// <remarks>
/// <para>A leader leads while its row names a lease that lives. A lease lives while its count of renewals changes: who has seen it
/// unchanged for its whole duration, by an own clock that does not jump, says so in a claim, and the server lets that one lead only if
/// it is unchanged still. So no wall clock decides, the server's neither. Source: the lease of client-go's leader election, and
/// C. Gray and D. Cheriton, "Leases" (1989).</para>
/// <para>Every step is one round trip and one transaction, whose commit is waited for whatever <c>synchronous_commit</c> says. A
/// fail-over to a replica that was not waited for forgets what it had not heard: have what the leader writes to check the token, or
/// guard it (<see cref="Guard"/>).</para>
/// </remarks>
public sealed class PostgreSqlElectionBackend : LeaseBackend
{
    private readonly ConcurrentDictionary<(string Election, long FencingToken), LeaseClaim> _leading = new();
    private readonly PostgreSqlStore _store;

    /// <summary>Creates the backend; it connects when it is first needed.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options contradict each other.</exception>
    public PostgreSqlElectionBackend(PostgreSqlElectionOptions options, ILogger<PostgreSqlElectionBackend>? logger = null, TimeProvider? time = null)
        : base("postgresql", options, time, logger ?? NullLogger<PostgreSqlElectionBackend>.Instance) =>
        _store = new PostgreSqlStore(options, new PostgreSqlEvents(OnMessage, OnReconnected, StoreWarning), Time);

    /// <summary>Where no news come through, as behind a pooler in transaction mode, the rows are looked at.</summary>
    protected override TimeSpan PollInterval => _store.IsDeaf ? RetryPeriod : Timeout.InfiniteTimeSpan;

    /// <summary>
    /// That the leadership still holds, as what transactions of your own depend on: PostgreSQL refuses them once another leads, and
    /// no later leader's passes while one that passed is under way.
    /// </summary>
    /// <exception cref="InvalidOperationException">The leadership has ended, or is not one of this backend.</exception>
    public PostgreSqlCondition Guard(Leadership leadership)
    {
        ArgumentNullException.ThrowIfNull(leadership);
        return _leading.TryGetValue((leadership.ElectionName, leadership.FencingToken), out var claim)
            ? _store.Condition(claim, leadership.FencingToken)
            : throw new InvalidOperationException(
                $"{leadership.CandidateId} does not lead '{leadership.ElectionName}' any more (fencing token {leadership.FencingToken}).");
    }

    /// <inheritdoc/>
    protected override async ValueTask<ClaimReply> ClaimAsync(LeaseClaim claim, CancellationToken cancellationToken)
    {
        var reply = await _store.ClaimAsync(claim, cancellationToken).ConfigureAwait(false);
        if (reply is { Answer: ClaimAnswer.Won, Leader: { } leader })
            _leading[(claim.Election, leader.FencingToken)] = claim;
        return reply;
    }

    /// <inheritdoc/>
    protected override async ValueTask<RenewReply> RenewAsync(string leaseId, IReadOnlyList<LeaseClaim> held, CancellationToken cancellationToken) =>
        await _store.RenewAsync(leaseId, held, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    protected override async ValueTask GiveBackAsync(LeaseRelease release, CancellationToken cancellationToken)
    {
        Forget(release);
        await _store.GiveBackAsync(release, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async ValueTask<LeaseRecord?> ReadAsync(string election, CancellationToken cancellationToken) =>
        await _store.ReadAsync(election, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyList<LeaseHolder?>> LookAsync(IReadOnlyList<string> elections, CancellationToken cancellationToken) =>
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
        foreach (var (leadership, held) in _leading)
        {
            if (held.LeaseId == release.LeaseId)
                _leading.TryRemove(leadership, out _);
        }
    }

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
            case ["alive", var lease, _, var milliseconds] when long.TryParse(milliseconds, CultureInfo.InvariantCulture, out var number):
                OnLeaseAlive(lease, TimeSpan.FromMilliseconds(Math.Clamp(number, 0, TimeSpan.MillisecondsPerDay)));
                break;
            case ["ended", var lease]:
                OnLeaseEnded(lease);
                break;
        }
    }

    /// <summary>All that were elected in one step: their elections, each with the token.</summary>
    private void OnElected(ReadOnlySpan<string> elected)
    {
        for (; elected is [var election, var token, ..]; elected = elected[2..])
        {
            if (long.TryParse(token, CultureInfo.InvariantCulture, out var number))
                OnElected(election, number);
        }
    }
}
