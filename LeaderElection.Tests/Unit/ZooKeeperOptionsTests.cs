using LeaderElection.ZooKeeper;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Tests.Unit;

public sealed class ZooKeeperOptionsTests
{
    [Theory]
    [InlineData("a:1", "a:1", "")]
    [InlineData("a:1, b:2,c/apps/x/", "a:1, b:2, c:2181", "/apps/x")]
    [InlineData("[::1]:5,::1", "[::1]:5, [::1]:2181", "")]
    public void ConnectString_IsRead(string text, string servers, string folder)
    {
        var parsed = ConnectString.Parse(text);
        Assert.Equal((servers, folder), (parsed.ToString(), parsed.Chroot));
    }

    [Theory]
    [InlineData("/apps")]
    [InlineData("a:0")]
    [InlineData("a:70000")]
    [InlineData("a:x")]
    [InlineData("a:1/x//y")]
    [InlineData("a b:1")]
    public void ConnectString_ThatMakesNoSense_IsRefused(string text) =>
        Assert.Contains(nameof(ZooKeeperElectionOptions.ConnectionString), Problem(o => o.ConnectionString = text));

    [Theory]
    [InlineData("election")]
    [InlineData("/")]
    [InlineData("/a//b")]
    [InlineData("/a/../b")]
    [InlineData("/a/")]
    public void RootPath_ThatMakesNoSense_IsRefused(string path) => Assert.Contains($"RootPath is '{path}'", Problem(o => o.RootPath = path));

    [Fact]
    public void Validate_NamesWhatDoesNotFit()
    {
        Assert.Contains("ConnectionString is empty", Problem(o => o.ConnectionString = " "));
        Assert.Contains("UserName and Password", Problem(o => o.UserName = "u"));
        Assert.Contains("colon", Problem(o => (o.UserName, o.Password) = ("u:v", "secret")));
        Assert.DoesNotContain("secret", Problem(o => (o.UserName, o.Password) = ("u:v", "secret")));
        Assert.Contains("need UseTls", Problem(o => o.TlsCaFile = "ca.pem"));
        Assert.Contains("TlsKeyFile needs", Problem(o => (o.UseTls, o.TlsKeyFile) = (true, "key.pem")));
        Assert.Contains("NodeNaming", Problem(o => o.NodeNaming = (ZooKeeperNodeNaming)7));
        Assert.Contains("LeaseDuration", Problem(o => o.LeaseDuration = TimeSpan.Zero));
        Assert.Empty(Valid().Validate());
    }

    private static string Problem(Action<ZooKeeperElectionOptions> change)
    {
        var options = Valid();
        change(options);
        return Assert.Single(options.Validate());
    }

    private static ZooKeeperElectionOptions Valid() => new() { ConnectionString = "localhost:2181" };
}
