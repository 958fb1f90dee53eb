using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using LeaderElection.Etcd;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>Who may elect on etcd, and who is told what when it may not.</summary>
public sealed class EtcdSecurityTests : EtcdTests
{
    [Fact]
    public async Task Tls_WithClientCertificate_ElectsAndHandsOver()
    {
        using var certificates = new Certificates();
        await using var server = await EtcdServer.StartNewAsync(certificates.Tls(asksForClientCertificate: true));
        await using var first = Secure(server, certificates.Authority, certificates.Client);
        await using var second = Secure(server, certificates.Authority, certificates.Client);
        var leader = await first.CreateElection("e", "a").CampaignAsync(Late);
        var next = second.CreateElection("e", "b").CampaignAsync(Late).AsTask();
        await FollowsAsync(second);
        await leader.ResignAsync(Late);
        Assert.True((await next).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Tls_ServerOfAnUnknownAuthority_IsRefusedInOneLine()
    {
        using var certificates = new Certificates();
        await using var server = await EtcdServer.StartNewAsync(certificates.Tls(server: certificates.ServerOfOtherAuthority));
        await using var backend = Secure(server, certificates.Authority, null);
        var error = await RefusedAsync(backend);
        Assert.Contains($"etcd at {server.Endpoint}: TLS failed", error.Message);
    }

    [Fact]
    public async Task Tls_ServerWhoseCertificateHasExpired_IsRefusedInOneLine()
    {
        using var certificates = new Certificates();
        await using var server = await EtcdServer.StartNewAsync(certificates.Tls(server: certificates.ExpiredServer));
        await using var backend = Secure(server, certificates.Authority, null);
        Assert.Contains($"etcd at {server.Endpoint}: TLS failed", (await RefusedAsync(backend)).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tls_ClientWhoseCertificateHasExpiredOrIsOfAnotherAuthority_IsTurnedAwayInOneLine(bool hasExpired)
    {
        using var certificates = new Certificates();
        await using var server = await EtcdServer.StartNewAsync(certificates.Tls(asksForClientCertificate: true));
        await using var backend = Secure(server, certificates.Authority, hasExpired ? certificates.ExpiredClient : certificates.ClientOfOtherAuthority);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.PingAsync(Late).AsTask());
        Assert.DoesNotContain('\n', error.Message);
        Assert.StartsWith($"etcd at {server.Endpoint}: ", error.Message);
        await using var known = Secure(server, certificates.Authority, certificates.Client);
        await known.PingAsync(Late);
    }

    [Fact]
    public async Task Tls_CertificateRenewedWhileItRuns_IsShown()
    {
        using var certificates = new Certificates();
        using var folder = new TemporaryFolder();
        await using var server = await EtcdServer.StartNewAsync(certificates.Tls(asksForClientCertificate: true));
        var own = new TestCertificate(folder.File("own.pem"), folder.File("own-key.pem"), "");
        Copy(certificates.ExpiredClient);
        await using var backend = Secure(server, certificates.Authority, own);
        await Assert.ThrowsAsync<ElectionStoreException>(() => backend.PingAsync(Late).AsTask());
        Copy(certificates.Client);
        await backend.PingAsync(Late);

        void Copy(TestCertificate from)
        {
            File.WriteAllBytes(own.CertificateFile, File.ReadAllBytes(from.CertificateFile));
            File.WriteAllBytes(own.KeyFile, File.ReadAllBytes(from.KeyFile));
        }
    }

    [Fact]
    public async Task Tls_ServerUnderAnotherName_IsRefused()
    {
        using var certificates = new Certificates();
        // The client's certificate names no host at all.
        await using var server = await EtcdServer.StartNewAsync(certificates.Tls(server: certificates.Client));
        await using var backend = Secure(server, certificates.Authority, null);
        Assert.Contains("TLS failed", (await RefusedAsync(backend)).Message);
    }

    [Fact]
    public async Task Tls_NoClientCertificateWhereOneIsAskedFor_IsSaidInOneLine()
    {
        using var certificates = new Certificates();
        await using var server = await EtcdServer.StartNewAsync(certificates.Tls(asksForClientCertificate: true));
        await using var backend = Secure(server, certificates.Authority, null);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.PingAsync(Late).AsTask());
        Assert.DoesNotContain('\n', error.Message);
        Assert.StartsWith($"etcd at {server.Endpoint}: ", error.Message);
    }

    [Fact]
    public async Task Tls_PlainRequestToASecureServer_IsSaidInOneLine()
    {
        using var certificates = new Certificates();
        await using var server = await EtcdServer.StartNewAsync(certificates.Tls());
        await using var backend = Backend(connectionString: server.Endpoint.Replace("https", "http"));
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.PingAsync(Late).AsTask());
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Tls_MissingFile_IsRefusedInOneLine()
    {
        var error = Assert.Throws<ElectionStoreException>(() => Backend(configure: o => o.CaFile = "/no/such/file.pem"));
        Assert.Contains("/no/such/file.pem", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public async Task Ping_OfAServerThatIsNotEtcd_IsSaidInOneLine()
    {
        await using var redis = await RedisServer.StartNewAsync();
        // etcd's port for metrics speaks HTTP/1.1 alone.
        foreach (var endpoint in new[] { $"http://{redis.Endpoint}", Store.Server.MetricsEndpoint })
        {
            await using var backend = Backend(connectionString: endpoint);
            var error = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.PingAsync(Late).AsTask());
            Assert.StartsWith($"etcd at {endpoint}: ", error.Message);
            Assert.Contains("is this the client URL of etcd 3.4 or later", error.Message);
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Fact]
    public async Task Auth_UserWithTheLeastRights_ElectsOnlyWhereItMay()
    {
        await EnableAuthAsync();
        var backend = Backend(Long, Store.Server.Endpoint + ";username=elector;password=right-secret");
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        var (next, _) = await FollowAsync("b", Long, Store.Server.Endpoint + ";username=elector;password=right-secret");
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.CreateElection("other", "a").CampaignAsync(Late).AsTask());
        Assert.Contains("may not", error.Message);
        Assert.True(leader.IsValid);
        await leader.ResignAsync(Late);
        Assert.True((await next).FencingToken > leader.FencingToken);
    }

    [Theory]
    [InlineData("read")]
    [InlineData("write")]
    public async Task Auth_UserWithHalfOfTheLeastRights_ElectsNowhere(string permission)
    {
        await EnableAuthAsync(permission);
        await using var backend = Backend(Long, Store.Server.Endpoint + ";username=elector;password=right-secret");
        Assert.Contains("may not", (await RefusedAsync(backend)).Message);
    }

    [Fact]
    public async Task Auth_UserWithRightsOnOneKeyInsteadOfThePrefix_ElectsNowhere()
    {
        await EnableAuthAsync(isPrefix: false);
        await using var backend = Backend(Long, Store.Server.Endpoint + ";username=elector;password=right-secret");
        Assert.Contains("may not", (await RefusedAsync(backend)).Message);
    }

    [Theory]
    [InlineData("", "a user and its password are needed")]
    [InlineData(";username=elector;password=wrong-secret", "refused")]
    public async Task Auth_WrongOrNoPassword_IsRefusedInOneLineWithoutIt(string user, string expected)
    {
        await EnableAuthAsync();
        await using var backend = Backend(connectionString: Store.Server.Endpoint + user);
        var error = await RefusedAsync(backend);
        Assert.Contains(expected, error.Message);
        Assert.DoesNotContain(Store.Log.Lines.Append(error.ToString()), line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Auth_TokensForgottenByTheServer_AreRenewed()
    {
        await EnableAuthAsync();
        var user = Store.Server.Endpoint + ";username=elector;password=right-secret";
        var leader = await Backend(TimeSpan.FromSeconds(20), user).CreateElection("e", "a").CampaignAsync(Late);
        var (next, _) = await FollowAsync("b", TimeSpan.FromSeconds(20), user);
        // Simple tokens live in the server's memory: as after their time-out, every one is invalid now.
        await Store.Server.KillAsync();
        await Store.Server.StartAsync();
        await leader.ResignAsync(Late);
        Assert.True((await next).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Auth_TokensThatTimeOut_AreRenewedUnderWay()
    {
        using var folder = new TemporaryFolder();
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        {
            await File.WriteAllTextAsync(folder.File("key.pem"), key.ExportECPrivateKeyPem(), Late);
            await File.WriteAllTextAsync(folder.File("public.pem"), key.ExportSubjectPublicKeyInfoPem(), Late);
        }
        await using var server = await EtcdServer.StartNewAsync(
            "--auth-token", $"jwt,pub-key={folder.File("public.pem")},priv-key={folder.File("key.pem")},sign-method=ES256,ttl=1s");
        await EnableAuthAsync(server, "elector");
        var user = server.Endpoint + ";username=elector;password=right-secret";
        var lease = TimeSpan.FromSeconds(20);
        var leader = await Backend(lease, user).CreateElection("e", "a").CampaignAsync(Late);
        var (next, _) = await FollowAsync("b", lease, user);
        await using var observer = Backend(lease, user).CreateElection("e", "o").ObserveAsync(Late).GetAsyncEnumerator(Late);
        Assert.True(await observer.MoveNextAsync());
        await TimedOutAsync(server);
        var (last, _) = await FollowAsync("c", lease, user);
        Assert.True(leader.IsValid);
        await leader.ResignAsync(Late);
        var second = await next;
        Assert.True(second.FencingToken > leader.FencingToken);
        while (observer.Current?.FencingToken != second.FencingToken)
            Assert.True(await observer.MoveNextAsync());
        await TimedOutAsync(server);
        await second.ResignAsync(Late);
        Assert.True((await last).FencingToken > second.FencingToken);
    }

    /// <summary>Returns when the server refuses a token of now: and with it all that it gave before.</summary>
    private async Task TimedOutAsync(EtcdServer server)
    {
        using var http = new HttpClient { BaseAddress = new Uri(server.Endpoint) };
        using var given = await http.PostAsJsonAsync("/v3/auth/authenticate", new { name = "elector", password = "right-secret" }, Late);
        var token = (await given.Content.ReadFromJsonAsync<JsonElement>(Late)).GetProperty("token").GetString()!;
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", token);
        await Eventually.GetAsync(
            async () =>
            {
                using var asked = await http.PostAsJsonAsync("/v3/kv/range", new { key = Convert.ToBase64String("e/"u8) }, Late);
                return asked.StatusCode;
            },
            static status => status == HttpStatusCode.Unauthorized, "the token to time out");
    }

    [Fact]
    public async Task Resign_RefusedAsTheRightsWereRevoked_IsToldAndTheElectionGoesOnAfterALease()
    {
        await EnableAuthAsync();
        var user = Store.Server.Endpoint + ";username=elector;password=right-secret";
        var leader = await Backend(TimeSpan.FromSeconds(6), user).CreateElection("e", "a").CampaignAsync(Late);
        var (next, _) = await FollowAsync("b", Long, user);
        await RootAsync("role", "revoke-permission", "elector", "--prefix=true", "e/");
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => leader.ResignAsync(Late).AsTask());
        await RootAsync("role", "grant-permission", "elector", "readwrite", "--prefix=true", "e/");
        Assert.Contains("may not", error.Message);
        await LoggedAsync("refuses that e is given back");
        // Its lease is not renewed any more: else its key would stand there for as long as this process lives.
        Assert.True((await next.WaitAsync(Eventually.Limit, TimeProvider.System)).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Follower_RefusedAsItsLeaderDies_LeavesNoKeyInItsOwnWay()
    {
        await EnableAuthAsync();
        var user = Store.Server.Endpoint + ";username=elector;password=right-secret";
        await Backend(Long, user).CreateElection("e", "a").CampaignAsync(Late);
        var (campaign, follower) = await FollowAsync("b", connectionString: user);
        var lease = LeaseOf((await RootAsync("get", "--prefix", "e/", "--sort-by", "CREATE", "--keys-only", "--limit", "1")).Trim());
        await RootAsync("role", "revoke-permission", "elector", "--prefix=true", "e/");
        await RootAsync("lease", "revoke", lease);
        await Assert.ThrowsAsync<ElectionStoreException>(() => campaign);
        await RootAsync("role", "grant-permission", "elector", "readwrite", "--prefix=true", "e/");
        await follower.CreateElection("e", "b").CampaignAsync(Late).AsTask().WaitAsync(Eventually.Limit, TimeProvider.System);
    }

    [Fact]
    public async Task Auth_EnabledWhileItRuns_CredentialsThatWereGivenAreShown()
    {
        var user = Store.Server.Endpoint + ";username=elector;password=right-secret";
        var leader = await Backend(Long, user).CreateElection("e", "a").CampaignAsync(Late);
        var (next, _) = await FollowAsync("b", Long, user);
        await EnableAuthAsync();
        await leader.ResignAsync(Late);
        Assert.True((await next).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Auth_WithoutPassword_TheNameInTheClientCertificateIsTheUser()
    {
        using var certificates = new Certificates();
        await using var server = await EtcdServer.StartNewAsync(certificates.Tls(asksForClientCertificate: true));
        await EnableAuthAsync(server, "client");
        await using var backend = Secure(server, certificates.Authority, certificates.Client);
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.CreateElection("other", "a").CampaignAsync(Late).AsTask());
        Assert.Contains("may not", error.Message);
        Assert.True(leader.IsValid);
    }

    private Task EnableAuthAsync(string permission = "readwrite", bool isPrefix = true) =>
        EnableAuthAsync(Store.Server, "elector", permission, isPrefix);

    private Task<string> RootAsync(params string[] command) => Store.Server.CtlAsync(["--user", "root:root-secret", .. command]);

    private static async Task EnableAuthAsync(EtcdServer server, string user, string permission = "readwrite", bool isPrefix = true)
    {
        await server.CtlAsync("user", "add", "root:root-secret");
        await server.CtlAsync("user", "grant-role", "root", "root");
        await server.CtlAsync("role", "add", "elector");
        await server.CtlAsync("role", "grant-permission", "elector", permission, $"--prefix={(isPrefix ? "true" : "false")}", "e/");
        await server.CtlAsync("user", "add", $"{user}:right-secret");
        await server.CtlAsync("user", "grant-role", user, "elector");
        await server.CtlAsync("auth", "enable");
    }

    private EtcdElectionBackend Secure(EtcdServer server, TestCertificate authority, TestCertificate? client) => Backend(
        Long, server.Endpoint,
        options =>
        {
            options.CaFile = authority.CertificateFile;
            options.ClientCertificateFile = client?.CertificateFile;
            options.ClientKeyFile = client?.KeyFile;
        });

    private async Task<ElectionStoreException> RefusedAsync(EtcdElectionBackend backend)
    {
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.CreateElection("e", "a").CampaignAsync(Late).AsTask());
        Assert.False(error.IsTransient);
        Assert.DoesNotContain('\n', error.Message);
        return error;
    }
}
