using LeaderElection.FileSystem;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;
using Npgsql;

namespace LeaderElection.Tests.Fencing;

/// <summary>The patterns of docs/fencing.md, on PostgreSQL.</summary>
public sealed class SqlFencingTests : IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(1);

    private readonly TemporaryFolder _folder = new();
    private readonly List<IElectionBackend> _backends = [];
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private PostgresServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await PostgresServer.StartNewAsync();
        await using var connection = await OpenAsync();
        await RunAsync(connection, """
            CREATE TABLE fence (election text PRIMARY KEY, token bigint NOT NULL);
            CREATE TABLE orders (id int PRIMARY KEY, state text NOT NULL, fencing_token bigint NOT NULL DEFAULT 0);
            INSERT INTO orders VALUES (1, 'new');
            """);
    }

    public async Task DisposeAsync()
    {
        foreach (var backend in _backends)
            await backend.DisposeAsync();
        await _server.DisposeAsync();
        _folder.Dispose();
        _late.Dispose();
    }

    [Fact]
    public async Task FrozenLeaderWakesUp_ItsGuardedTransactionIsRefused()
    {
        var (old, next) = await FrozenLeaderAndSuccessorAsync();
        Assert.True(await SetStateAsync(next, "by the new one"));
        Assert.False(await SetStateAsync(old, "by the old one"));
        Assert.Equal("by the new one", await StateAsync());
    }

    [Fact]
    public async Task FrozenLeaderWakesUp_ItsGuardedRowIsNotUpdated()
    {
        var (old, next) = await FrozenLeaderAndSuccessorAsync();
        Assert.True(await UpdateRowAsync(next, "by the new one"));
        Assert.False(await UpdateRowAsync(old, "by the old one"));
        Assert.Equal("by the new one", await StateAsync());
    }

    [Fact]
    public async Task TransactionUnderWay_WhenAHigherTokenComes_CommitsBeforeIt()
    {
        var (old, next) = await FrozenLeaderAndSuccessorAsync();
        await using var connection = await OpenAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            Assert.True(await PassFenceAsync(connection, old));
            await RunAsync(connection, "UPDATE orders SET state = 'by the old one' WHERE id = 1");
            var later = SetStateAsync(next, "by the new one");
            await Eventually.GetAsync(WaitersAsync, waiters => waiters == 1, "the new leader to wait at the fence");
            await transaction.CommitAsync();
            Assert.True(await later);
        }
        Assert.Equal("by the new one", await StateAsync());
    }

    /// <summary>One that hangs beyond its lease, and the one that was elected in its place.</summary>
    private async Task<(Leadership Old, Leadership Next)> FrozenLeaderAndSuccessorAsync()
    {
        var freezer = new Freezer();
        var old = await Backend(freezer.BeforeRequestAsync).CreateElection("orders", "a").CampaignAsync(_late.Token);
        freezer.Freeze();
        var next = await Backend(null).CreateElection("orders", "b").CampaignAsync(_late.Token);
        freezer.Thaw();
        return (old, next);
    }

    private FileElectionBackend Backend(Func<CancellationToken, ValueTask>? beforeRequest)
    {
        var backend = new FileElectionBackend(new() { Directory = _folder.Path, LeaseDuration = Lease, BeforeRequest = beforeRequest });
        _backends.Add(backend);
        return backend;
    }

    /// <summary>Everything in one transaction that begins at the fence: its row stays locked until the end.</summary>
    private async Task<bool> SetStateAsync(Leadership leadership, string state)
    {
        await using var connection = await OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        if (!await PassFenceAsync(connection, leadership))
            return false;
        await RunAsync(connection, "UPDATE orders SET state = @state WHERE id = 1", ("state", state));
        await transaction.CommitAsync();
        return true;
    }

    private static async Task<bool> PassFenceAsync(NpgsqlConnection connection, Leadership leadership) =>
        await RunAsync(
            connection,
            """
            INSERT INTO fence (election, token) VALUES (@election, @token)
            ON CONFLICT (election) DO UPDATE SET token = excluded.token WHERE fence.token <= excluded.token
            """,
            ("election", leadership.ElectionName), ("token", leadership.FencingToken)) == 1;

    /// <summary>A single row that keeps the token itself.</summary>
    private async Task<bool> UpdateRowAsync(Leadership leadership, string state)
    {
        await using var connection = await OpenAsync();
        return await RunAsync(
            connection, "UPDATE orders SET state = @state, fencing_token = @token WHERE id = 1 AND fencing_token <= @token",
            ("state", state), ("token", leadership.FencingToken)) == 1;
    }

    private async Task<string?> StateAsync() => (string?)await ScalarAsync("SELECT state FROM orders WHERE id = 1");

    private async Task<long> WaitersAsync() => (long)(await ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))!;

    private async Task<object?> ScalarAsync(string query)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(query, connection);
        return await command.ExecuteScalarAsync(_late.Token);
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(_server.ConnectionString);
        await connection.OpenAsync(_late.Token);
        return connection;
    }

    private static async Task<int> RunAsync(NpgsqlConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return await command.ExecuteNonQueryAsync();
    }
}
