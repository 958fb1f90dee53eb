using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Raft;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Trimming;

public sealed class PublishedCandidateTests(PublishedCandidate published) : IClassFixture<PublishedCandidate>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task File_HandsOver() => HandsOverAsync("file", _folder.File("elections"), "a", "b");

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
    private async Task HandsOverAsync(string strategy, string endpoints, params string[] ids)
    {
        var candidates = ids.Select(id => ChildProcess.Start(
            published.Program, [strategy, endpoints, "e", id], workingDirectory: _folder.Path, keepsInput: true)).ToArray();
        try
        {
            var tokens = new List<long>();
            var waiting = candidates.ToList();
            // A last member alone is no majority.
            while (waiting.Count > (strategy == "raft" ? 1 : 0))
            {
                await Task.WhenAny(waiting.Select(c => c.WaitForLineAsync("LEADER ")));
                var leader = Assert.Single(waiting, c => c.StandardOutput.Any(l => l.StartsWith("LEADER ", StringComparison.Ordinal)));
                tokens.Add(long.Parse(leader.StandardOutput.First()["LEADER ".Length..]));
                waiting.Remove(leader);
                await leader.WriteLineAsync("");
                await leader.WaitForLineAsync("RESIGNED");
            }
            Assert.Equal(tokens.Order(), tokens);
            Assert.Equal(tokens.Count, tokens.Distinct().Count());
        }
        finally
        {
            foreach (var candidate in candidates)
                await candidate.DisposeAsync();
        }
    }
}
