using System.Text.Json;
using LeaderElection.Tests.Conformance;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Benchmarks;

/// <summary>The benchmarks as the program that a reader runs.</summary>
public sealed class BenchmarkToolTests : IDisposable
{
    private const string Tool = "benchmarks/LeaderElection.Benchmarks";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("file")]
    [InlineData("redis")]
    [InlineData("etcd")]
    [InlineData("zookeeper")]
    public async Task HandOver_GivesAsManyValuesAsRounds_InOrder(string strategy)
    {
        var file = _folder.File("figures.json");
        await using var tool = Start("handover", "--strategies", strategy, "--rounds", "3", "--json", file);
        Assert.True(await tool.WaitForExitAsync(Limit) == 0, tool.Describe());

        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        var series = Assert.Single(json.RootElement.GetProperty("series").EnumerateArray());
        Assert.Equal(("handover", strategy, "ours", "ms"), (Text("measure"), Text("where"), Text("subject"), Text("unit")));
        Assert.Equal((3, 3), (series.GetProperty("n").GetInt32(), series.GetProperty("values").GetArrayLength()));
        Assert.InRange(Number("median"), double.Epsilon, Number("p95"));
        Assert.InRange(Number("p95"), Number("median"), Number("max"));
        Assert.Contains(tool.StandardOutput, line => line.StartsWith($"handover  {strategy}", StringComparison.Ordinal));

        string? Text(string name) => series.GetProperty(name).GetString();
        double Number(string name) => series.GetProperty(name).GetDouble();
    }

    [Fact]
    public async Task Candidate_OfSeveralRedisServers_IsElectedByTheirMajority()
    {
        await using var store = await RedisMajorityStore.StartNewAsync(ServerFault.Dead);
        string[] arguments = ["candidate", "--strategy", "redis", "--endpoints", store.ConnectionString.Replace(';', ','), "--election", "e", "--id", "a"];
        await using var candidate = ChildProcess.StartProject(Tool, arguments, keepsInput: true);
        await candidate.WaitForLineAsync("LEADER");
        foreach (var server in store.Servers.Where(s => s.IsRunning))
            Assert.EndsWith(" a", (await server.CliAsync("GET", "{leader-election}:election:e")).Trim(), StringComparison.Ordinal);
        Assert.Equal(2, store.Servers.Count(s => s.IsRunning));
    }

    [Fact]
    public async Task Terminated_EndsItsProcesses_AndSaysSo()
    {
        await using var tool = Start("crash", "--strategies", "file", "--rounds", "1000");
        await tool.WaitForLineAsync("file: folder");
        var candidates = await Eventually.GetAsync(
            () => Task.FromResult(ProcessTable.ChildrenOf(tool.Id).ToArray()), static found => found.Length >= 3, "three candidates");
        // Not Ctrl+C, which the program does not hear when whoever runs the tests ignores it; it is handled the same.
        tool.Terminate();
        Assert.Equal(1, await tool.WaitForExitAsync());
        Assert.Contains(tool.StandardOutput, line => line.StartsWith("Interrupted", StringComparison.Ordinal));
        Assert.All(candidates, pid => Assert.False(ProcessTable.IsAlive(pid)));
    }

    [Theory]
    [InlineData("'sideways' is no command or option", "sideways")]
    [InlineData("--strategies has 'paxos'; allowed are file, redis, etcd, zookeeper, raft", "handover", "--strategies", "file,paxos")]
    [InlineData("--rounds must be a number from 1 to 10000", "crash", "--rounds", "0")]
    [InlineData("--lease must be a number from 0.05 to 3600", "crash", "--lease", "soon")]
    [InlineData("--members must be 1 or 3", "idle", "--members", "2")]
    [InlineData("--builds has 'wasm'; allowed are jit, ready-to-run, native", "first", "--builds", "jit,wasm")]
    [InlineData("--endpoints is 'redis'; it must look like", "idle", "--endpoints", "redis")]
    [InlineData("--peers: there are no peers in '/nowhere'", "handover", "--peers-dir", "/nowhere")]
    public async Task BadOption_IsOneLine(string expected, params string[] arguments)
    {
        await using var tool = Start(arguments);
        Assert.Equal(2, await tool.WaitForExitAsync(Limit));
        Assert.StartsWith("benchmarks: " + expected, Assert.Single(tool.StandardError));
        Assert.Empty(tool.StandardOutput);
    }

    private static ChildProcess Start(params string[] arguments) => ChildProcess.StartProject(Tool, arguments);
}
