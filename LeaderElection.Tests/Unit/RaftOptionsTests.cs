using LeaderElection.Raft;
using Microsoft.Extensions.Options;

namespace LeaderElection.Tests.Unit;

public sealed class RaftOptionsTests
{
    private const string Members = "m0=a:1,m1=b:2/7,m2=[::1]:3";
    private const string Secret = "0123456789abcdef";

    [Fact]
    public void Parse_ReadsMembersPrioritiesClusterAndSecret()
    {
        Assert.Null(RaftAddress.TryParse($" {Members} ; Cluster=orders;secret=a=b;", out var address));
        Assert.Equal([new("m0", "a", 1, 0), new("m1", "b", 2, 7), new("m2", "::1", 3, 0)], address.Members);
        Assert.Equal(("orders", "a=b"), (address.Cluster, address.Secret));
        Assert.Equal("[::1]:3", address.Members[2].Text);
        Assert.Equal([false, false, true], address.Members.Select(m => m.IsLoopback));
    }

    [Fact]
    public void Defaults_AreRaftsTimes()
    {
        var options = Options();
        Assert.Empty(options.Validate());
        var timings = options.CreateTimings(1_000_000);
        Assert.Equal((150_000, 200_000, 50_000, 141_000), (timings.ElectionTimeoutMin, timings.ElectionTimeoutMax, timings.HeartbeatInterval, timings.Lease));
        Assert.Equal(Path.Combine("raft", "m0"), options.EffectiveDirectory);
    }

    [Theory]
    [InlineData("", "ConnectionString is empty; it must name the members")]
    [InlineData("m0=a:1,m1=b:2", "ConnectionString is refused: the list has 2 members; allowed are 3 to 9")]
    [InlineData("m0=a:1,m1=b:2,m1=c:3", "ConnectionString is refused: the list names m1 twice")]
    [InlineData("m0=a:1,m1=b:2,m2=a:1", "ConnectionString has a:1 twice; each member needs an address of its own")]
    [InlineData("m0=a:1,m1=b,m2=c:3", "ConnectionString has something else as member number 2 than id=host:port")]
    [InlineData("m0=a:1,m1=b:99999,m2=c:3", "ConnectionString has something else as member number 2")]
    [InlineData("m0=a:1,m1=b:1/-1,m2=c:3", "ConnectionString has something else as member number 2")]
    [InlineData("m0=a:1,hunter2hunter2hunter2,m2=c:3", "ConnectionString has something else as member number 2")]
    [InlineData("m0=a:1,m1=b:2,m2=c:3;cluster=a b", "ConnectionString has a cluster that is not 1 to 128 of A-Z")]
    [InlineData("m0=a:1,m1=b:2,m2=c:3;password=hunter2hunter2hunter2", "ConnectionString may have cluster=… and secret=… after the members, and nothing else")]
    [InlineData("m0=a:1,m1=b:2,m2=c:3;secret=hunter2", "Secret has 7 characters; it must have at least 16")]
    [InlineData("m1=a:1,m2=b:2,m3=c:3", "Member is 'm0'; it must be one of the members in the ConnectionString: m1, m2, m3")]
    public void ConnectionString_Wrong_IsRefusedWithTheRule(string text, string message) =>
        AssertRefused(message, options =>
        {
            options.ConnectionString = text;
            if (text.Contains("secret=", StringComparison.Ordinal))
                options.Secret = null;
        });

    [Fact]
    public void NeitherSecretNorCertificates_IsRefused() => AssertRefused("Secret is empty; members must prove who they are", options => options.Secret = null);

    [Fact]
    public void TwoSecrets_AreRefused() =>
        AssertRefused("Secret is not the one in the ConnectionString", options => options.ConnectionString += ";secret=hunter2hunter2hunter2");

    [Fact]
    public void CertificateWithoutItsKey_IsRefused() =>
        AssertRefused("CaFile, CertificateFile and KeyFile must be given together", options => (options.CaFile, options.CertificateFile) = ("ca", "cert"));

    [Theory]
    [InlineData(40, 10, null, "LeaseDuration is 0.04 s; it must be from 50 ms to 1 day")]
    [InlineData(150, 60, null, "do not fit together: the heartbeat interval is 00:00:00.0600000; it must be greater than 0 and at most a third of the least election timeout")]
    [InlineData(150, 50, 170, "do not fit together: the greatest election timeout is 00:00:00.1700000; it must be at least 1.2 times the least")]
    public void Times_ThatContradict_AreRefused(int lease, int heartbeat, int? longest, string message) => AssertRefused(message, options =>
    {
        options.LeaseDuration = TimeSpan.FromMilliseconds(lease);
        options.RenewInterval = TimeSpan.FromMilliseconds(heartbeat);
        options.ElectionTimeoutMax = longest is { } max ? TimeSpan.FromMilliseconds(max) : null;
    });

    [Fact]
    public void Margin_ThatLeavesNoLease_IsRefused() =>
        AssertRefused("it must be at least two heartbeat intervals", options => options.SafetyMargin = TimeSpan.FromMilliseconds(60));

    [Fact]
    public void Listen_ThatIsNoAddress_IsRefused() => AssertRefused("Listen is 'everywhere'; it must be host:port", options => options.Listen = "everywhere");

    private static RaftElectionOptions Options() => new() { ConnectionString = Members, Secret = Secret, Member = "m0" };

    private static void AssertRefused(string message, Action<RaftElectionOptions> change)
    {
        var options = Options();
        change(options);
        var error = Assert.Throws<OptionsValidationException>(() => new RaftElectionBackend(options));
        Assert.Contains(error.Failures, f => f.Contains(message, StringComparison.Ordinal));
        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error.Message, StringComparison.Ordinal);
    }
}
