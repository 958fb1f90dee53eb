using System.Data;
using System.Globalization;
using LeaderElection.Leases;
using Npgsql;
using NpgsqlTypes;

namespace LeaderElection.PostgreSql;

/// <summary>The server, and what is run there.</summary>
internal sealed class PostgreSqlStore : IAsyncDisposable
{
    private const int RowsOfOneLook = 1000;

    private readonly PostgreSqlElectionOptions _options;
    private readonly SqlScripts _scripts;
    private readonly PostgreSqlErrors _errors;
    private readonly NpgsqlDataSource _source;
    private readonly PostgreSqlConnection _connection;
    private readonly PostgreSqlListener _listener;
    private readonly PostgreSqlEvents _events;
    private readonly LeaseSightings _sightings;
    private readonly ClaimQueue _claims;
    private readonly TimeSpan _patience;

    public PostgreSqlStore(PostgreSqlElectionOptions options, PostgreSqlEvents events, TimeProvider time)
    {
        _options = options;
        _events = events;
        _scripts = new SqlScripts(options.Schema);
        _source = options.GivenDataSource() ?? PostgreSqlSettings.CreateDataSource(options.ConnectionString!, options.LeaseDuration);
        var address = new NpgsqlConnectionStringBuilder(_source.ConnectionString);
        _errors = new PostgreSqlErrors($"PostgreSQL at {Address(address)}", options.Schema);
        _patience = TimeSpan.FromMilliseconds(Math.Clamp((options.LeaseDuration / 6).TotalMilliseconds, 250, 5000));
        _sightings = new LeaseSightings(time);
        _connection = new PostgreSqlConnection(_source, _errors, _patience, time, PrepareAsync);
        _listener = new PostgreSqlListener(
            _connection.OpenAsync, PublishAsync, options.Schema, _patience, options.LeaseDuration / 2, time, events with { OnMessage = OnMessage });
        _claims = new ClaimQueue(SendAsync);
    }

    /// <summary>Whether it was found that changes are not told.</summary>
    public bool IsDeaf => _listener.IsDeaf;

    /// <summary>Puts a claim to the server; again, where its own clock says that whom the server names is over.</summary>
    public async Task<ClaimReply> ClaimAsync(LeaseClaim claim, CancellationToken cancellationToken)
    {
        _listener.Start();
        var over = (Id: "", Count: 0L);
        while (true)
        {
            var row = await _claims.AskAsync(claim, over, cancellationToken).ConfigureAwait(false);
            switch (row.Verdict)
            {
                case "elect" or "won":
                    return ClaimReply.Won(new LeaderInfo(claim.CandidateId, row.FencingToken, row.ElectedAt));
                case "lease-gone":
                    return ClaimReply.LeaseGone;
                case "held" when row.LeaseId == claim.LeaseId:
                    return Held(row, _options.LeaseDuration);
            }
            var isHeld = row.Verdict == "held";
            over = (row.LeaseId!, row.Renewals ?? (row.Verdict == "missing" ? -1 : 0));
            // Where nothing is left that says how long the leader's lease is, it may be as long as the longest that is known.
            var left = _sightings.Left(over.Id, over.Count, isHeld || row.Duration > claim.LongestLease ? row.Duration : claim.LongestLease);
            if (left > TimeSpan.Zero)
                return isHeld ? Held(row, left) : ClaimReply.Wait(left);
        }
    }

    public Task<RenewReply> RenewAsync(string leaseId, IReadOnlyList<LeaseClaim> held, CancellationToken cancellationToken) => RunAsync(
        _scripts.Renew,
        command =>
        {
            Lease(command, leaseId);
            Add(command, "names", [.. held.Select(c => c.Election)]);
            Add(command, "claims", [.. held.Select(c => c.ClaimId)]);
        },
        async reader =>
        {
            await reader.ReadAsync().ConfigureAwait(false);
            return !reader.GetBoolean(0) ? RenewReply.Gone
                : Text(reader, 1) is { } lost ? new RenewReply(false, [.. lost.Split(' ').Select(i => held[int.Parse(i, CultureInfo.InvariantCulture)])])
                : RenewReply.Renewed;
        },
        cancellationToken);

    public Task<bool> GiveBackAsync(LeaseRelease release, CancellationToken cancellationToken) => RunAsync(
        (release.Claim is null ? "" : _scripts.Release) + (release.EndsLease ? _scripts.End : ""),
        command =>
        {
            Lease(command, release.LeaseId);
            if (release.Claim is not { } claim)
                return;
            Add(command, "election", claim.Election);
            Add(command, "claim", claim.ClaimId);
            Add(command, "token", release.FencingToken);
        },
        _ => Task.FromResult(true),
        cancellationToken);

    public Task<LeaseRecord?> ReadAsync(string election, CancellationToken cancellationToken)
    {
        _listener.Start();
        return RunAsync(
            _scripts.ReadLeader,
            command => Add(command, "election", election),
            async reader =>
            {
                if (!await reader.ReadAsync().ConfigureAwait(false))
                    return null;
                var (leader, lease) = (new LeaderInfo(reader.GetString(0), reader.GetInt64(1), At(reader, 2)), reader.GetString(3));
                var left = _sightings.Left(lease, Number(reader, 4) ?? -1, TimeSpan.FromMilliseconds(reader.GetInt64(5)));
                return left > TimeSpan.Zero ? new LeaseRecord(leader, lease, left) : null;
            },
            cancellationToken);
    }

    public async Task<IReadOnlyList<LeaseHolder?>> LookAsync(IReadOnlyList<string> elections, CancellationToken cancellationToken)
    {
        var holders = new Dictionary<string, LeaseHolder>(StringComparer.Ordinal);
        foreach (var some in elections.Chunk(RowsOfOneLook))
        {
            await RunAsync(
                _scripts.Look,
                command => Add(command, "names", some),
                async reader =>
                {
                    while (await reader.ReadAsync().ConfigureAwait(false))
                        holders[reader.GetString(0)] = new LeaseHolder(reader.GetString(1), reader.GetInt64(2));
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }
        return [.. elections.Select(e => holders.TryGetValue(e, out var holder) ? holder : (LeaseHolder?)null)];
    }

    /// <summary>Asks for a sign of life of a server that takes writes.</summary>
    public Task<bool> PingAsync(CancellationToken cancellationToken) => RunAsync(
        "SELECT current_setting('transaction_read_only')::bool",
        _ => { },
        async reader =>
        {
            await reader.ReadAsync().ConfigureAwait(false);
            return reader.GetBoolean(0) ? throw _errors.ReadOnly() : true;
        },
        cancellationToken);

    /// <summary>What is checked in a transaction of the user's.</summary>
    public PostgreSqlCondition Condition(LeaseClaim claim, long fencingToken) => new(_scripts.Guard, claim.Election, fencingToken, claim.ClaimId, claim.LeaseId);

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
        if (_options.GivenDataSource() is null)
            await _source.DisposeAsync().ConfigureAwait(false);
    }

    private static ClaimReply Held(ClaimRow row, TimeSpan left) =>
        ClaimReply.Held(new LeaseRecord(new LeaderInfo(row.Candidate!, row.FencingToken, row.ElectedAt), row.LeaseId!, left));

    private Task<IReadOnlyList<ClaimRow>> SendAsync(IReadOnlyList<ClaimQueue.Claimant> call) => RunAsync<IReadOnlyList<ClaimRow>>(
        _scripts.Claim,
        command =>
        {
            Lease(command, call[0].Claim.LeaseId);
            Add(command, "patience", FormattableString.Invariant($"{_patience.TotalMilliseconds / 2:0}ms"));
            Add(command, "names", [.. call.Select(c => c.Claim.Election)]);
            Add(command, "claims", [.. call.Select(c => c.Claim.ClaimId)]);
            Add(command, "candidates", [.. call.Select(c => c.Claim.CandidateId)]);
            command.Parameters.Add(new NpgsqlParameter<bool[]>("must_exist", [.. call.Select(c => c.Claim.LeaseMustExist)]));
            command.Parameters.Add(new NpgsqlParameter<bool[]>("watched", [.. call.Select(c => c.Claim.WatchedLeaseId is not null)]));
            command.Parameters.Add(new NpgsqlParameter<long[]>("highest", [.. call.Select(c => c.Claim.HighestToken)]));
            Add(command, "over", [.. call.Select(c => c.Over.Id)]);
            command.Parameters.Add(new NpgsqlParameter<long[]>("over_counts", [.. call.Select(c => c.Over.Count)]));
        },
        async reader =>
        {
            // The verdicts come last.
            while (reader.FieldCount != 8)
            {
                if (!await reader.NextResultAsync().ConfigureAwait(false))
                    throw _errors.Unreadable();
            }
            var rows = new List<ClaimRow>(call.Count);
            while (await reader.ReadAsync().ConfigureAwait(false))
            {
                rows.Add(new ClaimRow(
                    reader.GetString(0), reader.GetInt64(1), At(reader, 2), Text(reader, 3), Text(reader, 4), Number(reader, 5),
                    Number(reader, 6) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : _options.LeaseDuration));
            }
            return rows.Count == call.Count ? rows : throw _errors.Unreadable();
        },
        CancellationToken.None);

    private Task PublishAsync(string message, CancellationToken cancellationToken) => RunAsync(
        "SELECT pg_notify(@channel, @message)",
        command =>
        {
            Add(command, "channel", _options.Schema);
            Add(command, "message", message);
        },
        _ => Task.FromResult(true),
        cancellationToken);

    private Task<T> RunAsync<T>(string script, Action<NpgsqlCommand> parameters, Func<NpgsqlDataReader, Task<T>> read, CancellationToken cancellationToken) =>
        _connection.RunAsync(connection => RunAsync(connection, script, parameters, read), cancellationToken);

    private static async Task<T> RunAsync<T>(NpgsqlConnection connection, string script, Action<NpgsqlCommand> parameters, Func<NpgsqlDataReader, Task<T>> read)
    {
        // It is bounded by who waits for it: the client's own bound would block a thread to call the request off.
        var command = new NpgsqlCommand(script, connection) { CommandTimeout = 0 };
        await using var _ = command.ConfigureAwait(false);
        parameters(command);
        var reader = await command.ExecuteReaderAsync(CancellationToken.None).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        var answer = await read(reader).ConfigureAwait(false);
        while (await reader.NextResultAsync().ConfigureAwait(false))
        {
        }
        return answer;
    }

    /// <summary>Has a new connection decide on what is committed now, and finds or creates the tables.</summary>
    private async Task PrepareAsync(NpgsqlConnection connection)
    {
        var (isReady, isolation) = await RunAsync(
            connection,
            "SELECT (SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = @schema AND c.relname IN ('lease', 'election', 'fence')) = 3, current_setting('default_transaction_isolation')",
            command => Add(command, "schema", _options.Schema),
            async reader =>
            {
                await reader.ReadAsync().ConfigureAwait(false);
                return (reader.GetBoolean(0), reader.GetString(1));
            }).ConfigureAwait(false);
        if (isolation != "read committed")
            await RunAsync(connection, "SET default_transaction_isolation TO 'read committed'", _ => { }, _ => Task.FromResult(true)).ConfigureAwait(false);
        if (isReady)
            return;
        if (!_options.CreateSchema)
            throw _errors.NoTables();
        // Two that create the same at once would meet in the catalog.
        await RunAsync(
            connection, "SELECT pg_advisory_xact_lock(hashtextextended('leader_election schema ' || @schema, 0));" + _scripts.Schema,
            command => Add(command, "schema", _options.Schema), _ => Task.FromResult(true)).ConfigureAwait(false);
    }

    private void OnMessage(string message)
    {
        if (message.Split(' ') is ["alive", var lease, var count, var milliseconds]
            && long.TryParse(count, CultureInfo.InvariantCulture, out var renewals) && long.TryParse(milliseconds, CultureInfo.InvariantCulture, out var duration))
        {
            _sightings.Renewed(lease, renewals, TimeSpan.FromMilliseconds(Math.Clamp(duration, 0, TimeSpan.MillisecondsPerDay)));
        }
        _events.OnMessage(message);
    }

    private void Lease(NpgsqlCommand command, string leaseId)
    {
        Add(command, "lease", leaseId);
        Add(command, "duration", (long)_options.LeaseDuration.TotalMilliseconds);
        Add(command, "channel", _options.Schema);
    }

    private static void Add(NpgsqlCommand command, string name, string value) => command.Parameters.Add(new NpgsqlParameter<string>(name, NpgsqlDbType.Text) { TypedValue = value });

    private static void Add(NpgsqlCommand command, string name, long value) => command.Parameters.Add(new NpgsqlParameter<long>(name, value));

    private static void Add(NpgsqlCommand command, string name, string[] values) =>
        command.Parameters.Add(new NpgsqlParameter<string[]>(name, NpgsqlDbType.Array | NpgsqlDbType.Text) { TypedValue = values });

    private static DateTimeOffset At(NpgsqlDataReader reader, int field) =>
        reader.IsDBNull(field) ? default : new DateTimeOffset(reader.GetDateTime(field).ToUniversalTime());

    private static long? Number(NpgsqlDataReader reader, int field) => reader.IsDBNull(field) ? null : reader.GetInt64(field);

    private static string? Text(NpgsqlDataReader reader, int field) => reader.IsDBNull(field) ? null : reader.GetString(field);

    private static string Address(NpgsqlConnectionStringBuilder settings) =>
        settings.Host!.Contains(',', StringComparison.Ordinal) || settings.Host.Contains(':', StringComparison.Ordinal) ? settings.Host : $"{settings.Host}:{settings.Port}";
}
