using LeaderElection.Tests.History;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Raft;

namespace LeaderElection.Tests.Faults;

/// <summary>Members as processes that are killed, up to and beyond a majority.</summary>
public sealed class RaftFaultTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(5)]
    [InlineData(7)]
    public async Task MinorityKilled_AnotherLeads_MajorityKilled_NobodyDoes_Recovered_SomebodyDoesAgain(int count)
    {
        using var folder = new TemporaryFolder();
        await using var cluster = new Cluster("raft", new RaftClusterFiles(folder.Path, count, Lease).Description, Lease);
        await Task.WhenAll(Enumerable.Range(0, count).Select(_ => cluster.StartAsync()));
        var first = await cluster.LeaderAsync();
        var others = cluster.Candidates.Where(c => c != first.Candidate).Take(((count - 1) / 2) - 1).ToArray();
        var at = await cluster.KillAsync(first.Candidate);
        await Task.WhenAll(others.Select(cluster.KillAsync));
        var second = await cluster.LeaderAsync(at, notBeing: first.Candidate);
        var oneMore = cluster.Candidates.First(c => c != second.Candidate);
        await cluster.KillAsync(oneMore);
        await Eventually.TrueAsync(() => cluster.History.Any(e => e.What == EventKind.Lost && e.Token == Latest(cluster).Token), "the last leader to stop");
        var last = Latest(cluster);
        await cluster.StartAsync();
        Assert.True((await cluster.LeaderAsync(last.At)).Token > last.Token);
        cluster.AssertInvariants();
    }

    private static HistoryEvent Latest(Cluster cluster) => cluster.History.Where(e => e.What == EventKind.Elected).MaxBy(e => e.At)!;
}
