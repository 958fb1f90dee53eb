using System.Net.Sockets;
using System.Text;
using LeaderElection.Redis;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>Trouble between an election and its server, and what is said of it.</summary>
public sealed class RedisTroubleTests : RedisTests
{
    /// <summary>Messages reach all databases of a server, keys do not.</summary>
    [Fact]
    public async Task TwoDatabasesOfOneServer_AreTwoElections()
    {
        var process = Backend(Long);
        var leader = await process.CreateElection("e", "a").CampaignAsync(Late);
        var other = await Backend(Long).CreateElection("other", "b").CampaignAsync(Late);
        var next = process.CreateElection("other", "a").CampaignAsync(Late).AsTask();
        await Eventually.TrueAsync(() => process.FollowerCount == 1, "the other election to be waited for");
        await using (var elsewhere = Connect(Store.Server.Endpoint + ",defaultDatabase=1"))
            Assert.True((await elsewhere.CreateElection("e", "a").CampaignAsync(Late)).FencingToken > leader.FencingToken);
        // When this is heard, so is what was published before.
        await other.ResignAsync(Late);
        await next;
        Assert.Null(leader.EndReason);
    }

    [Theory]
    [InlineData("localhost:6379,password=a;b;c", 1)]
    [InlineData("localhost:6379,password=a;b;c;", 1)]
    [InlineData("localhost:6379,password=a;b,ssl=true", 1)]
    [InlineData("a:1,password=x;y;b:2;c:3,ssl=true", 3)]
    [InlineData(" a:1 ; b:2,password=;x ; c:3 ", 3)]
    [InlineData("[::1]:1;[::1]:2;[::1]:3", 3)]
    public void Options_SemicolonsInAPassword_DoNotBeginAServer(string connectionString, int servers)
    {
        var options = new RedisElectionOptions { ConnectionString = connectionString };
        Assert.Empty(options.Validate());
        Assert.Equal(servers, options.Servers().Length);
    }

    [Theory]
    [InlineData("redis-a;redis-b;redis-c")]
    [InlineData("a:1;secret,password=x")]
    public void Options_ServersWithoutAPort_AreRefusedInOneLineThatNamesNone(string connectionString)
    {
        var problem = Assert.Single(new RedisElectionOptions { ConnectionString = connectionString }.Validate());
        Assert.Contains("each with its port", problem);
        Assert.DoesNotContain("redis-a", problem);
        Assert.DoesNotContain("secret", problem);
    }

    [Fact]
    public async Task Password_WithSemicolons_IsOne()
    {
        await using var server = await RedisServer.StartNewAsync("--requirepass", "right;se:cret;x");
        await using var backend = Connect(server.Endpoint + ",password=right;se:cret;x");
        Assert.True((await backend.CreateElection("e", "a").CampaignAsync(Late)).IsValid);
    }

    [Fact]
    public async Task ServerThatRefusesConnections_IsToldSoonAndOnce()
    {
        await Store.StopAsync();
        await using var backend = Backend(Long);
        var campaign = backend.CreateElection("e", "a").CampaignAsync(Late).AsTask();
        // Before the patience of a request is over, which is a quarter of such a lease.
        await LoggedAsync("no connection: ConnectionRefused", Long / 5);
        await Store.StartAsync();
        Assert.True((await campaign).IsValid);
        Assert.Single(Store.Log.Lines, l => l.Contains("ConnectionRefused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ServerThatTakesNoMoreClients_IsToldInItsWords()
    {
        await Store.Server.CliAsync("CONFIG", "SET", "maxclients", "1");
        using (var only = new TcpClient())
        {
            await only.ConnectAsync("127.0.0.1", Store.Server.Port, Late);
            _ = Backend(Long).CreateElection("e", "a").CampaignAsync(Late).AsTask();
            await LoggedAsync("the server says 'ERR max number of clients reached'");
        }
    }

    [Fact]
    public async Task Answer_OfAnotherKind_IsTroubleThatPasses()
    {
        await using var line = new DroppingProxy(Store.Server.Port);
        await using var backend = Connect(line.Endpoint);
        // Keeps the lease, under which the claim is made again.
        await backend.CreateElection("kept", "a").CampaignAsync(Late);
        var rewritten = 0;
        line.RewriteAnswers(answer =>
            Encoding.ASCII.GetString(answer).Contains("$3\r\nwon\r\n") && Interlocked.Increment(ref rewritten) == 1 ? ":1\r\n"u8.ToArray() : answer);
        Assert.True((await backend.CreateElection("e", "a").CampaignAsync(Late)).IsValid);
        Assert.Contains(Store.Log.Lines, l => l.Contains("an answer of a kind", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RightsRevoked_AreToldOnce()
    {
        var leader = await Backend(TimeSpan.FromSeconds(4)).CreateElection("e", "a").CampaignAsync(Late);
        await Store.Server.CliAsync("ACL", "SETUSER", "default", "-eval", "-evalsha");
        await Eventually.TrueAsync(() => !leader.IsValid, "the leader to stop");
        Assert.Single(Store.Log.Lines, l => l.StartsWith("renewal failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connection_IsNamed()
    {
        await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        Assert.Contains("name=LeaderElection", await Store.Server.CliAsync("CLIENT", "LIST"));
    }

    private RedisElectionBackend Connect(string connectionString, TimeSpan? lease = null) => new(
        new RedisElectionOptions { ConnectionString = connectionString, LeaseDuration = lease ?? Long }, Store.Log.For<RedisElectionBackend>());

    private Task LoggedAsync(string text, TimeSpan? limit = null) =>
        Eventually.TrueAsync(() => Store.Log.Lines.Any(l => l.Contains(text, StringComparison.Ordinal)), $"a line with '{text}'", limit);
}
