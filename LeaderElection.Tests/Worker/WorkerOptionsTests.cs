using LeaderElection.Playground;
using LeaderElection.Playground.CommandLine;
using LeaderElection.Strategies;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;

namespace LeaderElection.Tests.Worker;

public sealed class WorkerOptionsTests
{
    [Fact]
    public void Read_NothingConfigured_GivesDefaults()
    {
        var (options, playground) = Read();

        Assert.Equal(("file", TimeSpan.FromMilliseconds(500)), (options.Strategy, playground.WorkInterval));
        Assert.Null(options.Election);
        Assert.Null(options.Candidate);
        Assert.Null(options.LeaseDuration);
        Assert.Null(playground.Board);
    }

    [Fact]
    public void Read_EverythingConfigured_IsRead()
    {
        var (options, playground) = Read(
            ("LeaderElection:Strategy", "Redis"), ("LeaderElection:Election", "shard-1"), ("LeaderElection:Candidate", "node-1"),
            ("LeaderElection:LeaseDuration", "10s"), ("LeaderElection:RenewInterval", "3s"), ("LeaderElection:RetryPeriod", "500ms"),
            ("LeaderElection:SafetyMargin", "00:00:01"), ("LeaderElection:Board", "http://localhost:8080"), ("ConnectionStrings:redis", "localhost"));

        Assert.Equal(("redis", "shard-1", "node-1"), (options.Strategy, options.Election, options.Candidate));
        Assert.Equal(TimeSpan.FromSeconds(10), options.LeaseDuration);
        Assert.Equal(TimeSpan.FromSeconds(3), options.RenewInterval);
        Assert.Equal(TimeSpan.FromSeconds(0.5), options.RetryPeriod);
        Assert.Equal(TimeSpan.FromSeconds(1), options.SafetyMargin);
        Assert.Equal(new Uri("http://localhost:8080"), playground.Board);
    }

    [Theory]
    [InlineData("LeaderElection:Strategy", "paxos", "--strategy (LeaderElection:Strategy) is 'paxos'; it must be file, redis, postgresql, etcd, zookeeper or raft")]
    [InlineData("LeaderElection:Strategy", "redis", "--redis (ConnectionStrings:redis) is missing; the strategy redis needs a server, such as localhost:6379")]
    [InlineData("LeaderElection:Strategy", "etcd", "--etcd (ConnectionStrings:etcd) is missing; the strategy etcd needs a server, such as http://localhost:2379")]
    [InlineData("LeaderElection:Strategy", "zookeeper", "--zookeeper (ConnectionStrings:zookeeper) is missing; the strategy zookeeper needs a server, such as localhost:2181")]
    [InlineData("LeaderElection:Election", "a/b", "--election (LeaderElection:Election) is 'a/b'; it must be 1 to 128 of A-Z a-z 0-9 . _ -")]
    [InlineData("LeaderElection:Candidate", "a b", "--candidate (LeaderElection:Candidate) is 'a b'; it must be 1 to 128 of A-Z a-z 0-9 . _ -")]
    [InlineData("LeaderElection:LeaseDuration", "15", "--lease-duration (LeaderElection:LeaseDuration) is '15'; it must be a duration, such as 15s, 500ms, 2m or 00:00:15")]
    [InlineData("LeaderElection:Board", "localhost:8080", "--board (LeaderElection:Board) is 'localhost:8080'; it must be an address such as http://localhost:8080")]
    [InlineData("LeaderElection:LedgerEpoch", "-1", "--ledger-epoch (LeaderElection:LedgerEpoch) is '-1'; it must be a whole number from 0")]
    [InlineData("LeaderElection:WorkInterval", "0s", "--work-interval (LeaderElection:WorkInterval) is '0s'; it must be from 1ms to 1h")]
    public void Read_BadValue_IsOneProblemThatNamesOptionValueAndRule(string key, string value, string problem)
    {
        var refusal = Assert.Throws<OptionsValidationException>(() => Read((key, value)));

        Assert.Equal(problem, Assert.Single(refusal.Failures.Select(CommandLineOption.Explain)));
    }

    [Fact]
    public void Read_RaftWithoutMembersAndMember_IsAProblemEach()
    {
        var refusal = Assert.Throws<OptionsValidationException>(() => Read(("LeaderElection:Strategy", "raft")));

        Assert.Equal(
            [
                "--raft (ConnectionStrings:raft) is missing; the strategy raft needs to know all members, such as \"m0=localhost:7000,m1=localhost:7001,m2=localhost:7002;secret=…\"",
                "--member (LeaderElection:Raft:Member) is missing; the strategy raft needs to know which member this is, such as m0",
            ],
            refusal.Failures.Select(CommandLineOption.Explain));
    }

    [Theory]
    [InlineData("ConnectionStrings:raft")]
    [InlineData("LeaderElection:Raft:ConnectionString")]
    public void Read_RaftWithMembersInEitherPlace_IsRead(string key) => Assert.Equal(
        "raft", Read(("LeaderElection:Strategy", "Raft"), (key, "m0=localhost:7000"), ("LeaderElection:Raft:Member", "m0")).Election.Strategy);

    [Fact]
    public void Read_BoardIsAServiceOfTheApplication_TakesItsAddress()
    {
        var discovered = Read(("services:board:http:0", "http://localhost:5000"));
        var named = Read(("services:board:http:0", "http://localhost:5000"), ("LeaderElection:Board", "http://board"));
        var given = Read(("services:board:http:0", "http://localhost:5000"), ("LeaderElection:Board", "http://localhost:9"));

        Assert.Equal(new Uri("http://localhost:5000"), discovered.Playground.Board);
        Assert.Equal(new Uri("http://localhost:5000"), named.Playground.Board);
        Assert.Equal(new Uri("http://localhost:9"), given.Playground.Board);
    }

    [Theory]
    [InlineData("Development", null, null, true)]
    [InlineData("Production", null, null, false)]
    [InlineData("Production", "LeaderElection:Playground", "true", true)]
    [InlineData("Production", "LeaderElection:Status", "true", true)]
    [InlineData("Production", "LeaderElection:Board", "http://localhost:8080", true)]
    [InlineData("Production", "services:board:http:0", "http://localhost:8080", true)]
    [InlineData("Development", "LeaderElection:Playground", "false", false)]
    public void Read_Playground_IsOnInDevelopmentOrWhereItWasToldTo(string environment, string? key, string? value, bool isOn) =>
        Assert.Equal(isOn, Read(environment, key is null ? [] : [(key, value!)]).Playground.IsOn);

    private static (ElectionSettings Election, PlaygroundSettings Playground) Read(params (string Key, string Value)[] settings) =>
        Read(Environments.Production, settings);

    private static (ElectionSettings Election, PlaygroundSettings Playground) Read(string environment, (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)))
            .Build();
        return (ElectionSettings.Read(configuration), PlaygroundSettings.Read(configuration, new HostingEnvironment { EnvironmentName = environment }));
    }
}
