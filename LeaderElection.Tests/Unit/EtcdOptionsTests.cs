using LeaderElection.Etcd;

namespace LeaderElection.Tests.Unit;

public sealed class EtcdOptionsTests
{
    [Theory]
    [InlineData("http://a:2379")]
    [InlineData("a:2379,b:2379")]
    [InlineData("https://a:2379,https://b:2379;username=u;password=p=q")]
    [InlineData("http://[::1]:2379; Username = u ; Password = p")]
    public void Validate_ConnectionStringThatCanBeRead_FindsNothing(string text) =>
        Assert.Empty(new EtcdElectionOptions { ConnectionString = text }.Validate());

    [Theory]
    [InlineData(null, "is empty")]
    [InlineData(";username=u;password=secret", "names no endpoint")]
    [InlineData("ftp://a:21", "not an http or https URL")]
    [InlineData("http://u:secret@a:2379", "more than scheme, host and port")]
    [InlineData("http://a:2379/v3", "more than scheme, host and port")]
    [InlineData("http://a:2379;secret", "nothing else")]
    [InlineData("http://a:2379;username=u", "must be given together")]
    public void Validate_ConnectionStringThatCannot_SaysWhyWithoutSecrets(string? text, string expected)
    {
        var problem = Assert.Single(new EtcdElectionOptions { ConnectionString = text }.Validate());
        Assert.Contains(expected, problem);
        Assert.DoesNotContain("secret", problem);
    }

    [Fact]
    public void Validate_LeaseBelowASecond_IsRefused()
    {
        var problem = Assert.Single(new EtcdElectionOptions { ConnectionString = "a:1", LeaseDuration = TimeSpan.FromMilliseconds(900) }.Validate());
        Assert.Contains("LeaseDuration is 0.9 s", problem);
    }

    [Fact]
    public void Validate_CertificateWithoutKey_IsRefused() =>
        Assert.Contains("ClientKeyFile", Assert.Single(new EtcdElectionOptions { ConnectionString = "a:1", ClientCertificateFile = "x" }.Validate()));
}
