using LeaderElection.PostgreSql;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Security;

/// <summary>Passwords and TLS of PostgreSQL. The rights that are needed: <c>PostgreSqlElectionTests</c>.</summary>
public sealed class PostgreSqlSecurityTests : IDisposable
{
    private const string Password = "right;se=cret'x";

    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);

    public void Dispose() => _late.Dispose();

    [Theory]
    [InlineData("Password='right;se=cret''x'", null)]
    [InlineData("Password=wrong-secret", "password was refused")]
    [InlineData("", "password was refused, or one is needed")]
    public async Task Password_IsAskedForAndNeverTold(string given, string? refusal)
    {
        await using var server = await ServerAsync("host all elect 127.0.0.1/32 scram-sha-256");
        await using var backend = Backend(server, given);
        var campaign = backend.CreateElection("e", "a").CampaignAsync(_late.Token).AsTask();
        if (refusal is null)
        {
            Assert.True((await campaign).IsValid);
            return;
        }
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => campaign);
        Assert.False(error.IsTransient);
        Assert.Contains(refusal, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("of the authority", true)]
    [InlineData("expired", false)]
    [InlineData("of another authority", false)]
    [InlineData("under another name", false)]
    public async Task Tls_OnlyTheServerItIs_IsTrusted(string which, bool isTrusted)
    {
        using var certificates = new Certificates();
        await using var server = await ServerAsync("hostssl all elect 127.0.0.1/32 scram-sha-256");
        await server.SecureAsync(which switch
        {
            "expired" => certificates.ExpiredServer,
            "of another authority" => certificates.ServerOfOtherAuthority,
            "under another name" => certificates.Client,
            _ => certificates.Server,
        });
        await using var backend = Backend(server, $"Password='right;se=cret''x';SSL Mode=VerifyFull;Root Certificate={certificates.Authority.CertificateFile}");
        if (isTrusted)
        {
            Assert.True((await backend.CreateElection("e", "a").CampaignAsync(_late.Token)).IsValid);
            return;
        }
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.PingAsync(_late.Token).AsTask());
        Assert.Contains("certificate", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain("se=cret", error.ToString(), StringComparison.Ordinal);
    }

    private static async Task<PostgresServer> ServerAsync(string line)
    {
        var server = await PostgresServer.StartNewAsync();
        await server.RunAsync($"CREATE ROLE elect LOGIN PASSWORD '{Password.Replace("'", "''", StringComparison.Ordinal)}'; GRANT CREATE ON DATABASE postgres TO elect");
        await server.AdmitAsync(line);
        return server;
    }

    private static PostgreSqlElectionBackend Backend(PostgresServer server, string more) => new(new PostgreSqlElectionOptions
    {
        ConnectionString = $"Host=127.0.0.1;Port={server.Port};Username=elect;Database=postgres;{more}", CreateSchema = true,
    });
}
