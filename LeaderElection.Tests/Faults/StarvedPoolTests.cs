using LeaderElection.Leases;
using LeaderElection.Raft;
using LeaderElection.Tests.History;
using LeaderElection.Tests.Load;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Faults;

/// <summary>
/// Found by trial: with 500 blocked items in the thread pool, <see cref="Leadership.Lost"/> was cancelled up to two minutes
/// after another led, as the timer had no thread.
/// </summary>
public sealed class StarvedPoolTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);

    public static TheoryData<string> Strategies => ["file", "redis", "redis3", "etcd", "zookeeper", "raft"];

    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task PoolBlocked_LostIsCancelledBeforeAnotherLeads_AndTheCauseIsLoggedOnce(string strategy)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        await using var store = await LoadStore.StartAsync(strategy, candidates: 3, Lease);
        // The majority of raft's members is here.
        await using var other = CandidateBackend.Create(strategy, store.Endpoint, "m1", Lease);
        await using var third = strategy == "raft" ? CandidateBackend.Create(strategy, store.Endpoint, "m2", Lease) : null;
        await Task.WhenAll(new[] { other, third }.OfType<RaftElectionBackend>().Select(member => member.StartAsync().AsTask()));
        await using var starved = await StarvedLeader.StartAsync(strategy, store.Endpoint, Lease);
        var next = other.CreateElection("e", "next").CampaignAsync(late.Token).AsTask();
        await Eventually.TrueAsync(() => ((StoreBackend)other).FollowerCount == 1, "the follower to wait");

        await starved.WriteLineAsync("cut");
        await next;
        var elected = HistoryEvent.Now;

        var lost = await starved.WaitForLineAsync("LOST");
        Assert.InRange(long.Parse(lost.Text.Split(' ')[1]), 0, elected);
        await Eventually.GetAsync(
            async () =>
            {
                var seen = starved.Lines.Count;
                await starved.WriteLineAsync("");
                return (await starved.WaitForLineAsync("LOG ", seen)).Text;
            },
            line => line.Contains("has waited", StringComparison.Ordinal) && !line.Contains('|', StringComparison.Ordinal), "one line about the pool");
    }
}
