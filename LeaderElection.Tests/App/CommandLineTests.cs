using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.App;

[Collection("App")]
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--strategies file,paxos", "'paxos' is unknown; allowed are file, redis, etcd, zookeeper, raft")]
    [InlineData("--replicas 2", "--replicas: raft has 3 members at least")]
    [InlineData("--scenario earthquake", "'earthquake' is unknown; allowed are leader-failure, partition, rolling-restart, frozen-leader")]
    [InlineData("--scenario partition --environment Production", "they run in Development only, not in Production")]
    [InlineData("--replicas 0", "'0' is not a number from 1 to 9")]
    [InlineData("--replicas", "--replicas needs a value")]
    [InlineData("--Replicas=10", "--replicas: '10' is not a number from 1 to 9")]
    [InlineData("--stores cloud", "allowed are auto, container, native, none")]
    [InlineData("--board-port 65536", "'65536' is not a number from 0 to 65535")]
    [InlineData("--lease-duration soon", "'soon' is not a time")]
    [InlineData("--lease-duration 999ms --strategies file,etcd", "the leases of etcd last 1s at least")]
    [InlineData("--wrong", "Unknown argument '--wrong'")]
    public async Task Start_WrongArgument_AnswersInOneLineWithExitCode2(string arguments, string expected)
    {
        await using var host = ChildProcess.StartProject("LeaderElection.AppHost", arguments.Split(' '));

        Assert.Equal(2, await host.WaitForExitAsync());
        Assert.Contains(expected, Assert.Single(host.StandardError), StringComparison.Ordinal);
    }
}
