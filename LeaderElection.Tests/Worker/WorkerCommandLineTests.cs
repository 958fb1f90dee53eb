using LeaderElection.Playground.CommandLine;
using Microsoft.Extensions.Options;

namespace LeaderElection.Tests.Worker;

public sealed class WorkerCommandLineTests
{
    [Fact]
    public void ToConfiguration_Aliases_SetTheSameKeysAsCanonicalNames()
    {
        var aliases = new CommandLineArguments(["--node-id", "node-1", "--lock-name=my-service"]);
        var canonical = new CommandLineArguments(["--candidate", "node-1", "--election", "my-service"]);

        Assert.Equal(["--LeaderElection:Election=my-service", "--LeaderElection:Candidate=node-1"], aliases.ToConfiguration());
        Assert.Equal(aliases.ToConfiguration(), canonical.ToConfiguration());
    }

    [Fact]
    public void ToConfiguration_NothingGiven_SetsNothing() => Assert.Empty(new CommandLineArguments([]).ToConfiguration());

    [Fact]
    public void ToConfiguration_ValueWithEqualsSigns_IsKept() =>
        Assert.Equal(["--ConnectionStrings:redis=localhost:6379,ssl=true"], new CommandLineArguments(["--redis", "localhost:6379,ssl=true"]).ToConfiguration());

    [Fact]
    public void ToConfiguration_Raft_SetsWhereTheStrategyLooks() => Assert.Equal(
        ["--ConnectionStrings:raft=m0=localhost:7000;secret=x=y", "--LeaderElection:Raft:Member=m0", "--LeaderElection:Raft:Directory=./state"],
        new CommandLineArguments(["--raft", "m0=localhost:7000;secret=x=y", "--member", "m0", "--raft-dir", "./state"]).ToConfiguration());

    [Theory]
    [InlineData("--lock-nam", "did you mean --lock-name?")]
    [InlineData("--Strategy", "did you mean --strategy?")]
    [InlineData("--lease-durations=3s", "did you mean --lease-duration?")]
    [InlineData("--frobnicate", "there are --help, --version, --strategy")]
    [InlineData("node-1", "options begin with --")]
    [InlineData("--election", "--election")]
    public void Constructor_BadArgument_IsOneProblemThatHelps(string argument, string help)
    {
        var refusal = Assert.Throws<OptionsValidationException>(() => new CommandLineArguments([argument]));

        Assert.Contains(help, Assert.Single(refusal.Failures), StringComparison.Ordinal);
    }
}
