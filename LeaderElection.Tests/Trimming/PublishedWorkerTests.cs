using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Raft;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Trimming;

public sealed class PublishedWorkerTests(PublishedWorker published) : IClassFixture<PublishedWorker>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task File_HandsOver() => HandsOverAsync("file", _folder.File("elections"), "a", "b");

    [Fact]
    public async Task Redis_HandsOver()
    {
        await using var server = await RedisServer.StartNewAsync();
        await HandsOverAsync("redis", server.Endpoint, "a", "b");
    }

    [Fact]
    public async Task Etcd_HandsOver()
    {
        await using var server = await EtcdServer.StartNewAsync();
        await HandsOverAsync("etcd", server.Endpoint, "a", "b");
    }

    [Fact]
    public async Task ZooKeeper_HandsOver()
    {
        await using var server = await ZooKeeperServer.StartNewAsync();
        await HandsOverAsync("zookeeper", server.Endpoint, "a", "b");
    }

    [Fact]
    public Task Raft_HandsOver()
    {
        var members = string.Join(',', Enumerable.Range(0, 3).Select(i => $"m{i}=127.0.0.1:{FreePort.Next()}"));
        return HandsOverAsync("raft", $"{members};cluster=tests;secret={RaftClusterFiles.Secret}", "m0", "m1", "m2");
    }

    /// <summary>Each in turn leads, and resigns for the next.</summary>
    private async Task HandsOverAsync(string strategy, string connectionString, params string[] ids)
    {
        var workers = ids.Select(id => ChildProcess.Start(
            published.Program,
            [
                $"--LeaderElection:Strategy={strategy}", $"--ConnectionStrings:{strategy}={connectionString}", "--LeaderElection:Election=e",
                $"--LeaderElection:Candidate={id}", $"--LeaderElection:Raft:Member={id}", $"--LeaderElection:Raft:Directory={_folder.File(id)}",
                "--LeaderElection:LeaseDuration=2s",
            ],
            workingDirectory: _folder.Path, keepsInput: true)).ToArray();
        try
        {
            var tokens = new List<long>();
            var waiting = workers.ToList();
            while (waiting.Count > 0)
            {
                await await Task.WhenAny(waiting.Select(w => w.WaitForLineAsync("LEADER ")));
                var leader = Assert.Single(waiting, w => w.StandardOutput.Any(l => l.StartsWith("LEADER ", StringComparison.Ordinal)));
                tokens.Add(long.Parse(leader.StandardOutput.Single(l => l.StartsWith("LEADER ", StringComparison.Ordinal)).Split(' ')[2]));
                waiting.Remove(leader);
                await leader.WriteLineAsync("resign");
            }
            Assert.Equal(tokens.Order(), tokens);
            Assert.Equal(tokens.Count, tokens.Distinct().Count());
        }
        finally
        {
            foreach (var worker in workers)
                await worker.DisposeAsync();
        }
    }
}
