using LeaderElection.PostgreSql;
using LeaderElection.Tests.Conformance;
using LeaderElection.Tests.Processes;
using Npgsql;

namespace LeaderElection.Tests.Fencing;

/// <summary>What a leader on PostgreSQL can fence its own transactions with.</summary>
public sealed class PostgreSqlFencingTests : PostgreSqlTests
{
    /// <summary>The lease of one that freezes: long enough for a guard to be made.</summary>
    private static readonly TimeSpan Freezes = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task FrozenLeaderWakesUp_ItsTransactionIsRefusedAndNothingIsWritten()
    {
        var (guard, next) = await FrozenLeaderAndSuccessorAsync();
        await WriteAsync(next, "by the new one");
        var refused = await Assert.ThrowsAsync<StaleLeadershipException>(() => WriteAsync(guard, "by the old one"));
        Assert.Equal(("e", guard.FencingToken), (refused.ElectionName, refused.FencingToken));
        Assert.Equal("by the new one", await Store.Server.RunAsync("SELECT string_agg(text, ', ') FROM work"));
    }

    [Fact]
    public async Task FrozenLeaderWakesUp_BeforeTheNextHasWritten_IsRefusedToo()
    {
        var (guard, next) = await FrozenLeaderAndSuccessorAsync();
        await Assert.ThrowsAsync<StaleLeadershipException>(() => WriteAsync(guard, "by the old one"));
        await WriteAsync(next, "by the new one");
        Assert.Equal("by the new one", await Store.Server.RunAsync("SELECT string_agg(text, ', ') FROM work"));
    }

    [Fact]
    public async Task TransactionUnderWay_IsWaitedForByTheNextLeaderAndNotByTheElection()
    {
        await Store.Server.RunAsync("CREATE TABLE work (id bigserial, text text)");
        var freezer = new Freezer();
        var backend = Backend(Freezes, freezer.BeforeRequestAsync);
        var guard = backend.Guard(await backend.CreateElection("e", "a").CampaignAsync(Late));
        await using var connection = await OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(Late);
        await guard.EnterAsync(transaction, Late);
        freezer.Freeze();
        // Elected while that is open.
        var successor = Backend(Long);
        var next = successor.Guard(await successor.CreateElection("e", "b").CampaignAsync(Late));
        var later = WriteAsync(next, "by the new one");
        await Eventually.GetAsync(
            () => Store.Server.RunAsync("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"), waiters => waiters == "1", "the new leader to wait");
        await InsertAsync(connection, "by the old one");
        await transaction.CommitAsync(Late);
        await later;
        Assert.Equal("by the old one, by the new one", await Store.Server.RunAsync("SELECT string_agg(text, ', ' ORDER BY id) FROM work"));
        freezer.Thaw();
    }

    [Fact]
    public async Task TwoTransactionsOfOneLeader_RunBesideEachOther()
    {
        await Store.Server.RunAsync("CREATE TABLE work (id bigserial, text text)");
        var backend = Backend(Long);
        var guard = backend.Guard(await backend.CreateElection("e", "a").CampaignAsync(Late));
        await WriteAsync(guard, "first");
        await using var connection = await OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(Late);
        await guard.EnterAsync(transaction, Late);
        await WriteAsync(guard, "beside it");
        await transaction.CommitAsync(Late);
    }

    [Fact]
    public async Task Guard_AfterResignation_IsRefused()
    {
        var backend = Backend(Long);
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        await leader.ResignAsync(Late);
        Assert.Throws<InvalidOperationException>(() => backend.Guard(leader));
    }

    /// <summary>One that hangs beyond its lease, whose guard was made while it led; and the one that was elected in its place.</summary>
    private async Task<(PostgreSqlCondition Old, PostgreSqlCondition Next)> FrozenLeaderAndSuccessorAsync()
    {
        await Store.Server.RunAsync("CREATE TABLE work (id bigserial, text text)");
        var freezer = new Freezer();
        var backend = Backend(Freezes, freezer.BeforeRequestAsync);
        var old = backend.Guard(await backend.CreateElection("e", "a").CampaignAsync(Late));
        freezer.Freeze();
        var successor = Backend(Long);
        var next = successor.Guard(await successor.CreateElection("e", "b").CampaignAsync(Late));
        freezer.Thaw();
        return (old, next);
    }

    private async Task WriteAsync(PostgreSqlCondition guard, string text)
    {
        await using var connection = await OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(Late);
        await guard.EnterAsync(transaction, Late);
        await InsertAsync(connection, text);
        await transaction.CommitAsync(Late);
    }

    private async Task InsertAsync(NpgsqlConnection connection, string text)
    {
        await using var command = new NpgsqlCommand("INSERT INTO work (text) VALUES (@text)", connection);
        command.Parameters.AddWithValue("text", text);
        await command.ExecuteNonQueryAsync(Late);
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(Store.Server.ConnectionString);
        await connection.OpenAsync(Late);
        return connection;
    }
}
