using LeaderElection.AppHost;

namespace LeaderElection.Tests.App;

public class AppHostOptionsTests
{
    [Fact]
    public void TryParse_Nothing_GivesTheDefaults()
    {
        Assert.True(AppHostOptions.TryParse([], out var options, out _));

        Assert.Equal(["file", "redis", "etcd", "zookeeper", "raft"], options.Strategies);
        Assert.Equal((3, 5), (options.ReplicasOf("etcd"), options.ReplicasOf("raft")));
        Assert.Equal(8080, options.BoardPort);
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1)), (options.LeaseOf("file"), options.LeaseOf("raft")));
        Assert.Null(options.Scenario);
    }

    [Fact]
    public void TryParse_EverythingGiven_TakesIt()
    {
        string[] args = ["--strategies", "redis,raft", "--replicas=4", "--scenario", "frozen-leader", "--stores", "Native", "--board-port", "0", "--lease-duration", "1500ms", "--data-dir", "/tmp/x"];

        Assert.True(AppHostOptions.TryParse(args, out var options, out _));

        Assert.Equal(["redis", "raft"], options.Strategies);
        Assert.Equal((4, 4), (options.ReplicasOf("redis"), options.ReplicasOf("raft")));
        Assert.Equal("frozen-leader", options.Scenario);
        Assert.Equal(StoreChoice.Native, options.Stores);
        Assert.Null(options.BoardPort);
        Assert.Equal((TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(1.5)), (options.LeaseOf("redis"), options.LeaseOf("raft")));
        Assert.Equal("/tmp/x", options.DataDirectory);
        Assert.Empty(options.AspireArguments);
    }

    [Fact]
    public void TryParse_SettingsOfAspire_AreLeftToIt()
    {
        string[] args = ["--DcpPublisher:RandomizePorts=true", "--replicas", "3", "--Some:Key", "value", "--operation", "publish"];

        Assert.True(AppHostOptions.TryParse(args, out var options, out _));

        Assert.Equal(["--DcpPublisher:RandomizePorts=true", "--Some:Key", "value", "--operation", "publish"], options.AspireArguments);
    }

    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("2s", 2)]
    [InlineData("0.75s", 0.75)]
    [InlineData("00:01:00", 60)]
    public void TryParse_LeaseDuration_TakesEachForm(string text, double seconds)
    {
        Assert.True(AppHostOptions.TryParse(["--strategies", "file", "--lease-duration", text], out var options, out _));

        Assert.Equal(TimeSpan.FromSeconds(seconds), options.LeaseDuration);
    }
}
