using System.Text.RegularExpressions;
using LeaderElection.PostgreSql;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;
using Npgsql;

namespace LeaderElection.Tests.Conformance;

/// <summary>What can befall an election on PostgreSQL.</summary>
public sealed class PostgreSqlElectionTests : PostgreSqlTests
{
    private const string EndAllSessions = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'LeaderElection'";

    [Fact]
    public async Task Sessions_EndedByAnOperator_LeaderLeadsOnAndHandOverIsPushed()
    {
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        var next = await FollowAsync(Backend(Long));
        await Store.Server.RunAsync(EndAllSessions);
        Assert.True(leader.IsValid);
        await leader.ResignAsync(Late);
        Assert.True((await next).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Server_ReadOnly_IsReportedAndWaitedFor()
    {
        await (await Backend().CreateElection("other", "a").CampaignAsync(Late)).ResignAsync(Late);
        await Store.Server.RunAsync("ALTER SYSTEM SET default_transaction_read_only = on");
        await Store.Server.RunAsync("SELECT pg_reload_conf()");
        var campaign = Backend(Long).CreateElection("e", "a").CampaignAsync(Late).AsTask();
        await LoggedAsync("read-only");
        await Store.Server.RunAsync("ALTER SYSTEM RESET default_transaction_read_only");
        await Store.Server.RunAsync("SELECT pg_reload_conf()");
        Assert.True((await campaign).IsValid);
    }

    [Fact]
    public async Task Server_KilledWithLazyCommits_HasForgottenNothing()
    {
        await using var server = await PostgresServer.StartNewAsync("synchronous_commit=off", "wal_writer_delay=10s");
        await using var backend = Backend(o => (o.ConnectionString, o.CreateSchema, o.LeaseDuration) = (server.ConnectionString, true, Long));
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        await server.KillAsync();
        await server.StartAsync();
        Assert.Equal($"{leader.FencingToken}", await server.RunAsync("SELECT token FROM leader_election.election"));
        Assert.True(leader.IsValid);
        await leader.ResignAsync(Late);
    }

    [Fact]
    public async Task Server_WhoseTimestampsSayAnything_KeepsTheLeader()
    {
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        var next = await FollowAsync(Backend(Long));
        await Store.Server.RunAsync("UPDATE leader_election.lease SET renewed_at = 'epoch'; UPDATE leader_election.election SET elected_at = '2200-01-01'");
        // One that has never seen the leader believes no time that stands there either.
        var another = await FollowAsync(Backend(Long));
        Assert.True(leader.IsValid);
        Assert.False(next.IsCompleted || another.IsCompleted);
        await leader.ResignAsync(Late);
        Assert.True((await await Task.WhenAny(next, another)).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Rows_AllDeletedUnderALeader_WhoSawItWaits()
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        var next = await FollowAsync(Backend());
        var overlaps = Overlaps.Of(leader, next);
        await Store.Server.RunAsync("TRUNCATE leader_election.election, leader_election.lease, leader_election.fence");
        Assert.True((await next).FencingToken > leader.FencingToken);
        Assert.False(overlaps());
    }

    [Fact]
    public async Task Entry_DeletedByHand_ACandidateThatKnowsNoLeaderWaitsToo()
    {
        var leader = await Backend(TimeSpan.FromSeconds(2)).CreateElection("e", "a").CampaignAsync(Late);
        await Store.DeleteEntryAsync("e");
        var next = Backend(TimeSpan.FromSeconds(2)).CreateElection("e", "b").CampaignAsync(Late).AsTask();
        var overlaps = Overlaps.Of(leader, next);
        Assert.True((await next).FencingToken > leader.FencingToken);
        Assert.False(overlaps());
    }

    [Fact]
    public async Task Row_LockedByAnotherSession_IsToldAndOthersGoOn()
    {
        var process = Backend(TimeSpan.FromSeconds(15));
        var kept = await process.CreateElection("kept", "a").CampaignAsync(Late);
        await (await process.CreateElection("e", "a").CampaignAsync(Late)).ResignAsync(Late);
        await using var session = new NpgsqlConnection(Store.Server.ConnectionString);
        await session.OpenAsync(Late);
        await using (var transaction = await session.BeginTransactionAsync(Late))
        {
            await using var command = new NpgsqlCommand("SELECT FROM leader_election.election WHERE name = 'e' FOR UPDATE", session);
            await command.ExecuteNonQueryAsync(Late);
            var campaign = process.CreateElection("e", "a").CampaignAsync(Late).AsTask();
            await LoggedAsync("another session keeps rows of elections locked");
            Assert.True(kept.IsValid);
            await transaction.RollbackAsync(Late);
            Assert.True((await campaign).IsValid);
        }
    }

    /// <summary>As behind a pooler in transaction mode.</summary>
    [Fact]
    public async Task News_ThatDoNotComeThrough_AreToldAndTheRowsAreLookedAt()
    {
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        await using var line = Store.OpenLine();
        line.RewriteAnswers(answer =>
        {
            Store.LoseNews(answer);
            for (int at; (at = answer.AsSpan().IndexOf("heard "u8)) >= 0;)
                answer[at] = (byte)'-';
            return answer;
        });
        await using var backend = Store.CreateBackend(line, TimeSpan.FromSeconds(3));
        var next = await FollowAsync((PostgreSqlElectionBackend)backend);
        await LoggedAsync("is not heard");
        await leader.ResignAsync(Late);
        Assert.True((await next).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task TwoSchemas_AreTwoElections()
    {
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        var other = Backend(o => (o.ConnectionString, o.CreateSchema, o.Schema, o.LeaseDuration) = (Store.Server.ConnectionString, true, "Another_1", Long));
        Assert.True((await other.CreateElection("e", "b").CampaignAsync(Late)).IsValid);
        Assert.True(leader.IsValid);
    }

    [Fact]
    public async Task DataSource_ThatIsGiven_IsUsedAndNotDisposedOf()
    {
        await using var source = NpgsqlDataSource.Create(Store.Server.ConnectionString);
        await using (var backend = Backend(o =>
        {
            o.UseDataSource(source);
            o.CreateSchema = true;
        }))
        {
            await backend.CreateElection("e", "a").CampaignAsync(Late);
        }
        await using var command = source.CreateCommand("SELECT count(*) FROM leader_election.election");
        Assert.Equal(1L, await command.ExecuteScalarAsync(Late));
    }

    [Fact]
    public async Task Campaign_WithoutTables_IsRefusedInOneLine()
    {
        var backend = Backend(o => o.ConnectionString = Store.Server.ConnectionString);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.CreateElection("e", "a").CampaignAsync(Late).AsTask());
        Assert.False(error.IsTransient);
        Assert.Contains("set CreateSchema", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LeastRights_OfTheDocumentation_DoAllThatIsNeeded()
    {
        var document = await File.ReadAllTextAsync(Path.Combine(BuildOutput.Repository, "docs", "postgresql.md"), Late);
        var scripts = Regex.Matches(document, "```sql\n(.*?)```", RegexOptions.Singleline).Select(m => m.Groups[1].Value).ToArray();
        await Store.Server.RunAsync(scripts.Single(s => s.Contains("CREATE TABLE", StringComparison.Ordinal)));
        await Store.Server.RunAsync(scripts.Single(s => s.Contains("CREATE ROLE", StringComparison.Ordinal)));
        var connectionString = Store.Server.ConnectionString.Replace("Username=postgres", "Username=elect", StringComparison.Ordinal);
        var (first, second) = (Backend(o => (o.ConnectionString, o.LeaseDuration) = (connectionString, Long)), Backend(o => (o.ConnectionString, o.LeaseDuration) = (connectionString, Long)));
        var leader = await first.CreateElection("e", "a").CampaignAsync(Late);
        var next = await FollowAsync(second);
        await first.PingAsync(Late);
        await using (var connection = new NpgsqlConnection(connectionString))
        {
            await connection.OpenAsync(Late);
            await using var transaction = await connection.BeginTransactionAsync(Late);
            await first.Guard(leader).EnterAsync(transaction, Late);
            await transaction.CommitAsync(Late);
            await using var delete = new NpgsqlCommand("DELETE FROM leader_election.election", connection);
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(() => delete.ExecuteNonQueryAsync(Late))).SqlState);
        }
        await leader.ResignAsync(Late);
        Assert.True((await next).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Script_OfTheDocumentation_IsTheOneThatIsRun()
    {
        var document = await File.ReadAllTextAsync(Path.Combine(BuildOutput.Repository, "docs", "postgresql.md"), Late);
        var script = await File.ReadAllTextAsync(Path.Combine(BuildOutput.Repository, "src", "LeaderElection.PostgreSql", "Scripts", "schema.sql"), Late);
        Assert.Contains(script, document, StringComparison.Ordinal);
    }
}
