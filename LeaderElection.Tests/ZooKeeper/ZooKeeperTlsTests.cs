using LeaderElection.Tests.Servers;
using LeaderElection.ZooKeeper;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Tests.ZooKeeper;

/// <summary>TLS towards a real server that wants to see a certificate.</summary>
public sealed class ZooKeeperTlsTests : IAsyncLifetime
{
    private readonly Certificates _certificates = new();
    private ZooKeeperServer _server = null!;

    public async Task InitializeAsync() => _server = await ZooKeeperServer.StartNewAsync(_certificates.Tls(asksForClientCertificate: true));

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _certificates.Dispose();
    }

    [Fact]
    public async Task Campaign_WithBothCertificates_IsElected()
    {
        await using var backend = Backend(_ => { });
        var leader = await backend.CreateElection("e", "a").CampaignAsync();
        Assert.True(leader.IsValid);
        await leader.ResignAsync();
    }

    [Fact]
    public async Task Subjects_OthersCanLookAndNotDelete()
    {
        await using var backend = Backend(o => o.TlsSubjects.Add("CN=client"));
        var leader = await backend.CreateElection("e", "a").CampaignAsync();
        await using var stranger = TestClient.Create($"127.0.0.1:{_server.PlainPort}");
        var node = $"/election/e/{Assert.Single((await stranger.GetChildrenAsync("/election/e")).Required())}";
        Assert.Equal(ErrorCode.NoAuth, (await stranger.DeleteAsync(node)).Code);
        Assert.True((await stranger.GetDataAsync(node)).IsOk);
        await leader.ResignAsync();
    }

    [Fact]
    public async Task Campaign_ServerOfAnUnknownAuthority_IsRefused() =>
        Assert.Contains("TLS failed", await RefusedAsync(o => o.TlsCaFile = _certificates.OtherAuthority.CertificateFile));

    [Fact]
    public async Task Campaign_ServerOfAnotherName_IsRefused() =>
        Assert.Contains("TLS failed", await RefusedAsync(o => o.TlsServerName = "zookeeper.example"));

    [Fact]
    public async Task Campaign_WithoutAFileThatIsNamed_IsRefused() =>
        Assert.Contains("no-such-file", await RefusedAsync(o => o.TlsCaFile = "/no-such-file"));

    [Fact]
    public async Task Campaign_KeyOfAnotherCertificate_IsRefused() =>
        Assert.Contains("a certificate or key cannot be used", await RefusedAsync(o => o.TlsKeyFile = _certificates.Authority.KeyFile));

    [Fact]
    public async Task Campaign_ServerWhoseCertificateHasExpired_IsRefused()
    {
        await using var expired = await ZooKeeperServer.StartNewAsync(_certificates.Tls(server: _certificates.ExpiredServer));
        Assert.Contains("TLS failed", await RefusedAsync(o => o.ConnectionString = expired.Endpoint));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("of another authority")]
    [InlineData("expired")]
    public async Task Ping_CertificateThatTheServerDoesNotTrust_FailsInOneLine(string which)
    {
        var client = which switch
        {
            "none" => null,
            "expired" => _certificates.ExpiredClient,
            _ => _certificates.ClientOfOtherAuthority,
        };
        await using var backend = Backend(o => (o.TlsCertificateFile, o.TlsKeyFile) = (client?.CertificateFile, client?.KeyFile));
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.PingAsync().AsTask());
        Assert.Contains(_server.Endpoint, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    private async Task<string> RefusedAsync(Action<ZooKeeperElectionOptions> change)
    {
        await using var backend = Backend(change);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.CreateElection("e", "a").CampaignAsync().AsTask());
        Assert.False(error.IsTransient);
        Assert.DoesNotContain('\n', error.Message);
        return error.Message;
    }

    private ZooKeeperElectionBackend Backend(Action<ZooKeeperElectionOptions> change)
    {
        var options = new ZooKeeperElectionOptions
        {
            ConnectionString = _server.Endpoint,
            LeaseDuration = TimeSpan.FromSeconds(10),
            UseTls = true,
            TlsCaFile = _certificates.Authority.CertificateFile,
            TlsCertificateFile = _certificates.Client.CertificateFile,
            TlsKeyFile = _certificates.Client.KeyFile,
        };
        change(options);
        return new ZooKeeperElectionBackend(options);
    }
}
