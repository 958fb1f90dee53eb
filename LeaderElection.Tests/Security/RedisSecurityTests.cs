using System.Text.RegularExpressions;
using LeaderElection.Redis;
using LeaderElection.Tests.Conformance;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;
using LeaderElection.Tests.Worker;

namespace LeaderElection.Tests.Security;

/// <summary>Who may elect on Redis: the least rights of docs/security.md, and TLS.</summary>
public sealed class RedisSecurityTests : IAsyncLifetime
{
    private const string Password = "right-secret";
    private const string AdminPassword = "admin-secret";

    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private readonly TemporaryFolder _folder = new();

    /// <summary>The rights as the document has them.</summary>
    private static string[] DocumentedRights
    {
        get
        {
            var document = File.ReadAllText(Path.Combine(BuildOutput.Repository, "docs", "security.md"));
            return Regex.Match(document, @"^user elect on >SECRET (.*?)\s*$", RegexOptions.Multiline).Groups[1].Value.Split(' ');
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        _late.Dispose();
        _folder.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task LeastRights_Elect_HandOver_ObserveAndGuardWrites()
    {
        await using var server = await StartAsync(DocumentedRights);
        await using var first = Backend(server);
        await using var second = Backend(server);
        var leader = await first.CreateElection("e", "a").CampaignAsync(_late.Token);
        await using var observed = second.CreateElection("e", "b").ObserveAsync(_late.Token).GetAsyncEnumerator(_late.Token);
        Assert.True(await observed.MoveNextAsync());
        Assert.Equal(leader.FencingToken, observed.Current?.FencingToken);

        var next = second.CreateElection("e", "b").CampaignAsync(_late.Token).AsTask();
        await Eventually.TrueAsync(() => ((LeaderElection.Leases.StoreBackend)second).FollowerCount == 2, "the observer and the follower to wait");
        await first.PingAsync(_late.Token);
        await leader.ResignAsync(_late.Token);

        // Sooner than the lease runs out: the news may be published, and heard.
        Assert.True((await next.WaitAsync(Eventually.Limit, TimeProvider.System)).FencingToken > leader.FencingToken);
        // The client asks for more as it connects, and does without; what the election asks for is in scripts.
        Assert.DoesNotContain("lua", (await AdminAsync(server, "ACL", "LOG")).Split('\n'));
    }

    [Fact]
    public async Task LeastRights_TouchNothingElse()
    {
        await using var server = await StartAsync(DocumentedRights);
        await AdminAsync(server, "SET", "other", "1");

        foreach (var command in (string[][])
        [
            ["GET", "other"], ["SET", "other", "2"], ["DEL", "other"], ["EVAL", "return redis.call('get', KEYS[1])", "1", "other"],
            ["PUBLISH", "other", "x"], ["SUBSCRIBE", "other"], ["FLUSHALL"], ["CONFIG", "GET", "*"], ["KEYS", "*"], ["ACL", "LIST"], ["SCRIPT", "FLUSH"], ["SHUTDOWN"],
        ])
        {
            Assert.Contains("NOPERM", await server.CliAsync(["--user", "elect", "--pass", Password, "--no-auth-warning", .. command]), StringComparison.Ordinal);
        }
        await using var elsewhere = Backend(server, options => options.KeyPrefix = "{elsewhere}");
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => elsewhere.CreateElection("e", "a").CampaignAsync(_late.Token).AsTask());
        Assert.Contains("may not", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Every right of the line; what it takes away is the first.</summary>
    public static TheoryData<string> EveryRight => [.. DocumentedRights.Skip(1)];

    [Fact]
    public async Task LeastRights_OfTheLine_DoAllThatIsNeeded() => Assert.Null(await FailureAsync(DocumentedRights));

    [Theory]
    [MemberData(nameof(EveryRight))]
    public async Task LeastRights_LessAnyOne_DoNot(string right)
    {
        if (right == "-@all")
        {
            // It takes away; without it, what a new user has by itself must be nothing.
            Assert.Null(await FailureAsync([.. DocumentedRights.Where(r => r != right)]));
            return;
        }
        Assert.NotNull(await FailureAsync([.. DocumentedRights.Where(r => r != right)]));
    }

    [Theory]
    [InlineData("+eval")]
    [InlineData("+get")]
    [InlineData("+set")]
    [InlineData("+del")]
    [InlineData("+time")]
    [InlineData("+@pubsub")]
    [InlineData("~{leader-election}:*")]
    [InlineData("&{leader-election}:*")]
    public async Task LeastRights_LessOne_FailInOneClearLine(string right)
    {
        Assert.Contains(right, DocumentedRights);
        // Scripts go as EVALSHA or EVAL, whichever the server knows: both are one right here.
        await using var server = await StartAsync([.. DocumentedRights.Where(r => r != right && !(right == "+eval" && r == "+evalsha"))]);
        await using var backend = Backend(server);

        var error = await Assert.ThrowsAsync<ElectionStoreException>(async () =>
        {
            var leader = await backend.CreateElection("e", "a").CampaignAsync(_late.Token);
            await leader.ResignAsync(_late.Token);
        });

        Assert.Contains("the user may not do what an election needs", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain(Password, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tls_OfATrustedAuthority_Elects()
    {
        using var certificates = new Certificates();
        await using var server = await StartSecureAsync(certificates, certificates.Server);
        await using var worker = await StartWorkerAsync(server, certificates.Authority);

        await worker.WaitForRoleAsync("leader");
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("of another authority")]
    [InlineData("under another name")]
    public async Task Tls_ServerThatIsNotTheOne_IsNotTrusted(string which)
    {
        using var certificates = new Certificates();
        await using var server = await StartSecureAsync(certificates, which switch
        {
            "expired" => certificates.ExpiredServer,
            "of another authority" => certificates.ServerOfOtherAuthority,
            _ => certificates.Client,
        });

        await using var worker = await StartWorkerAsync(server, certificates.Authority);

        await worker.WaitForHealthAsync("store: ");
        Assert.NotEqual("leader", (await worker.ElectionAsync()).GetProperty("role").GetString());
        Assert.DoesNotContain(worker.Process.Lines, line => line.Text.Contains(Password, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("of the authority", "leader")]
    [InlineData("of another authority", "follower")]
    [InlineData("expired", "follower")]
    [InlineData("none", "follower")]
    public async Task Tls_WhereClientsMustShowACertificate_OnlyThoseOfTheAuthorityElect(string which, string role)
    {
        using var certificates = new Certificates();
        await using var server = await StartSecureAsync(certificates, certificates.Server, "yes");
        var client = which switch
        {
            "none" => null,
            "expired" => certificates.ExpiredClient,
            "of another authority" => certificates.ClientOfOtherAuthority,
            _ => certificates.Client,
        };
        // How StackExchange.Redis is given one without code.
        (string, string)[] shown = client is null
            ? []
            : [("SERedis_ClientCertPfxPath", client.Pkcs12File), ("SERedis_ClientCertPassword", TestCertificate.Pkcs12Password)];
        await using var worker = await StartWorkerAsync(server, certificates.Authority, shown);

        if (role != "leader")
            await worker.WaitForHealthAsync("store: ");
        await worker.WaitForRoleAsync(role);
    }

    /// <summary>Does all that the rights are for.</summary>
    /// <returns>What failed; <see langword="null"/> when nothing did.</returns>
    private async Task<string?> FailureAsync(string[] rights)
    {
        await using var server = await StartAsync(rights, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru");
        var log = new LineLogger();
        await using var first = Backend(server, options => options.LeaseDuration = TimeSpan.FromSeconds(2), log);
        await using var second = Backend(server, options => options.LeaseDuration = TimeSpan.FromSeconds(2));
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        try
        {
            await first.PingAsync(late.Token);
            if (!log.Lines.Any(l => l.Contains("maxmemory-policy", StringComparison.Ordinal)))
                return "nobody was warned of eviction";
            // The second time under a lease that is there, with a token that was issued before.
            await (await first.CreateElection("e", "a").CampaignAsync(late.Token)).ResignAsync(late.Token);
            var other = await first.CreateElection("other", "a").CampaignAsync(late.Token);
            var leader = await first.CreateElection("e", "a").CampaignAsync(late.Token);
            if (!await first.SetAsync(leader, "{leader-election}:data", "1", late.Token))
                return "a guarded write was refused";
            await using var observed = second.CreateElection("e", "b").ObserveAsync(late.Token).GetAsyncEnumerator(late.Token);
            await observed.MoveNextAsync();
            var next = second.CreateElection("e", "b").CampaignAsync(late.Token).AsTask();
            await Eventually.TrueAsync(() => second.FollowerCount == 2 || next.IsFaulted, "the observer and the follower to wait", TimeSpan.FromSeconds(10));
            var since = TimeProvider.System.GetTimestamp();
            await Eventually.TrueAsync(() => !leader.IsValid || TimeProvider.System.GetElapsedTime(since) > leader.LeaseDuration, "a lease to pass, or to be lost");
            if (!leader.IsValid)
                return "the lease was not renewed";
            if (!(await AdminAsync(server, "INFO", "commandstats")).Contains("cmdstat_evalsha", StringComparison.Ordinal))
                return "scripts are sent in full each time";
            // A server that has forgotten its scripts is told them again.
            await AdminAsync(server, "SCRIPT", "FLUSH");
            await leader.ResignAsync(late.Token);
            await next;
            await other.ResignAsync(late.Token);
            return null;
        }
        catch (Exception e) when (e is ElectionStoreException or OperationCanceledException or TimeoutException)
        {
            return e.Message;
        }
    }

    private static async Task<RedisServer> StartAsync(string[] rights, params string[] settings)
    {
        var server = await RedisServer.StartNewAsync(settings);
        await server.CliAsync("ACL", "SETUSER", "admin", "on", $">{AdminPassword}", "~*", "&*", "+@all");
        Assert.Equal("OK", await server.CliAsync(["ACL", "SETUSER", "elect", "on", $">{Password}", .. rights]));
        // Nobody else may do anything.
        Assert.Equal("OK", await server.CliAsync("ACL", "SETUSER", "default", "reset"));
        return server;
    }

    private static Task<RedisServer> StartSecureAsync(Certificates certificates, TestCertificate certificate, string clients = "no") => RedisServer.StartNewAsync(
        "--requirepass", Password, "--tls-port", $"{FreePort.Next()}", "--tls-cert-file", certificate.CertificateFile, "--tls-key-file", certificate.KeyFile,
        "--tls-ca-cert-file", certificates.Authority.CertificateFile, "--tls-auth-clients", clients);

    private static Task<string> AdminAsync(RedisServer server, params string[] command) =>
        server.CliAsync(["--user", "admin", "--pass", AdminPassword, "--no-auth-warning", .. command]);

    /// <summary>A process of its own, since the authorities that it trusts are those of the machine, which it reads at its start.</summary>
    private Task<WorkerProcess> StartWorkerAsync(RedisServer server, TestCertificate authority, params (string Name, string Value)[] variables) => WorkerProcess.StartAsync(
        _folder.Path, ["--strategy", "redis", "--node-id", "a", "--lease-duration", "5s"], "Development",
        [
            ("SSL_CERT_FILE", authority.CertificateFile), ("SSL_CERT_DIR", "/nowhere"),
            ("ConnectionStrings__redis", $"127.0.0.1:{server.SecurePort},ssl=true,password={Password},connectTimeout=1000"), .. variables,
        ]);

    private static RedisElectionBackend Backend(RedisServer server, Action<RedisElectionOptions>? configure = null, LineLogger? log = null)
    {
        var options = new RedisElectionOptions { ConnectionString = $"{server.Endpoint},user=elect,password={Password}", LeaseDuration = Lease };
        configure?.Invoke(options);
        return new RedisElectionBackend(options, log?.For<RedisElectionBackend>());
    }
}
