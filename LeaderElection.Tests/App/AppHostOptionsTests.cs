using LeaderElection.AppHost;
using LeaderElection.Hosting;
using LeaderElection.Tests.Fuzz;
using Microsoft.Extensions.Configuration;

namespace LeaderElection.Tests.App;

public class AppHostOptionsTests
{
    [Fact]
    public void Read_Nothing_GivesTheDefaults()
    {
        var options = Read();

        Assert.Equal(["file", "redis", "etcd", "zookeeper", "raft"], options.Strategies);
        Assert.Equal((3, 5), (options.ReplicasOf("etcd"), options.ReplicasOf("raft")));
        Assert.Equal(8080, options.BoardPort);
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1)), (options.LeaseOf("file"), options.LeaseOf("raft")));
        Assert.Null(options.Scenario);
    }

    [Theory]
    [InlineData("--strategies", "redis,raft", "--replicas=4", "--scenario", "frozen-leader", "--stores", "Native", "--board-port", "0", "--lease-duration", "1500ms", "--data-dir", "/tmp/x")]
    [InlineData("--Strategies=Redis,raft", "--Replicas", "4", "--Scenario=frozen-leader", "--Stores=native", "--BoardPort=0", "--LeaseDuration=1.5s", "--DataDirectory=/tmp/x")]
    public void Read_EverythingGiven_TakesItInEitherForm(params string[] args)
    {
        var options = Read(args);

        Assert.Equal(["redis", "raft"], options.Strategies);
        Assert.Equal((4, 4), (options.ReplicasOf("redis"), options.ReplicasOf("raft")));
        Assert.Equal("frozen-leader", options.Scenario);
        Assert.Equal(StoreChoice.Native, options.Stores);
        Assert.Null(options.BoardPort);
        Assert.Equal((TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(1.5)), (options.LeaseOf("redis"), options.LeaseOf("raft")));
        Assert.Equal("/tmp/x", options.DataDirectory);
    }

    [Fact]
    public void Read_SettingsFileAndCommandLine_TheCommandLineIsStronger()
    {
        var settings = new Dictionary<string, string?> { ["Replicas"] = "7", ["Strategies"] = "file" };

        var options = AppHostOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).AddCommandLine(CommandLine.ToAspire(["--replicas", "2"])).Build());

        Assert.Equal((2, "file"), (options.ReplicasOf("file"), options.Strategies.Single()));
    }

    [Theory]
    [InlineData("--DcpPublisher:RandomizePorts=true", "--Some:Key", "value")]
    [InlineData("--operation", "publish", "--publisher", "manifest", "--output-path", "x.json")]
    [InlineData("--operation", "publish", "--step", "deploy", "--list-steps", "true", "--an-option-of-tomorrow", "1")]
    [InlineData("--list-steps", "--log-level", "debug", "--environment", "Staging")]
    public void ToAspire_WhatIsAspires_IsLeftToIt(params string[] args) =>
        Assert.Equal(["--Replicas=3", .. args], CommandLine.ToAspire(["--replicas", "3", .. args]));

    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("2s", 2)]
    [InlineData("0.75s", 0.75)]
    [InlineData("00:01:00", 60)]
    public void Read_LeaseDuration_TakesEachForm(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read("--strategies", "file", "--lease-duration", text).LeaseDuration);

    private static AppHostOptions Read(params string[] args) => SettingsFormats.ReadAppHost(args);
}
