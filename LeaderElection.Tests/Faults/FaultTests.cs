using LeaderElection.Tests.History;
using LeaderElection.Tests.Load;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Raft;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Faults;

/// <summary>Real processes, killed and frozen while they write; the recorded history must keep the invariants.</summary>
public sealed class FaultTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);

    /// <summary>What a slow machine may add to a bound: the figures proper are the benchmarks' business.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(10);

    public static TheoryData<string> Strategies => ["file", "redis", "etcd", "zookeeper", "raft"];

    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task LeaderKilled_AnotherTakesOver(string strategy)
    {
        await using var store = await LoadStore.StartAsync(strategy, candidates: 3, Lease);
        await using var cluster = new Cluster(strategy, store.Endpoint, Lease);
        await KillLeadersAsync(cluster, 4);
        cluster.AssertInvariants(longestGap: Lease + Slack);
    }

    [Fact]
    public async Task LeadersKilledOneAfterAnother_LeaveNothingInTheFolder()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = new Cluster("file", folder.Path, Lease);
        await KillLeadersAsync(cluster, 5);
        await Eventually.TrueAsync(() => Directory.GetFiles(folder.Path, "*.alive").Length == 1, "only the leader's lease to be there");
        cluster.AssertInvariants();
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task LeaderFrozenPastItsLease_StopsBelievingBeforeItsNextWrite(string strategy)
    {
        await using var store = await LoadStore.StartAsync(strategy, candidates: 3, Lease);
        await using var cluster = new Cluster(strategy, store.Endpoint, Lease);
        for (var i = 0; i < 3; i++)
            await cluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        for (var round = 0; round < 3; round++)
        {
            var frozen = cluster.Process(leader.Candidate);
            frozen.Freeze();
            var at = HistoryEvent.Now;
            var next = await cluster.LeaderAsync(at, notBeing: leader.Candidate);
            var thawed = HistoryEvent.Now;
            frozen.Continue();
            await Eventually.TrueAsync(
                () => cluster.History.Any(e => e.Candidate == leader.Candidate && e.What == EventKind.Campaigns && e.At > thawed),
                "the thawed leader to campaign again");
            // A write that was under way when it froze may reach the resource, and must be refused; a new one must not be sent.
            Assert.DoesNotContain(cluster.History, e => e.Candidate == leader.Candidate && e.Token == leader.Token && e.What == EventKind.Believes && e.At > thawed);
            Assert.True(next.Token > leader.Token);
            leader = next;
        }
        cluster.AssertInvariants();
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task LeaderFrozenForLessThanItsLease_GoesOn(string strategy)
    {
        await using var store = await LoadStore.StartAsync(strategy, candidates: 3, Lease);
        await using var cluster = new Cluster(strategy, store.Endpoint, TimeSpan.FromSeconds(10));
        for (var i = 0; i < 2; i++)
            await cluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        var process = cluster.Process(leader.Candidate);
        for (var i = 0; i < 3; i++)
        {
            process.Freeze();
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
            process.Continue();
            var thawed = HistoryEvent.Now;
            await Eventually.TrueAsync(
                () => cluster.History.Any(e => e.Candidate == leader.Candidate && e.What == EventKind.Believes && e.At > thawed), "the leader's next write");
        }
        Assert.Single(cluster.History, e => e.What == EventKind.Elected);
        cluster.AssertInvariants();
    }

    [Fact]
    public async Task RedisKilledAndRestarted_LeadershipReturnsWithinALease()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var cluster = new Cluster("redis", redis.Endpoint, Lease);
        for (var i = 0; i < 3; i++)
            await cluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        for (var round = 0; round < 2; round++)
        {
            await redis.KillAsync();
            // Down for longer than the lease in one round, for less in the other.
            if (round == 0)
            {
                await Eventually.TrueAsync(
                    () => cluster.History.Any(e => e.What == EventKind.Lost && e.Token == leader.Token), "the leader to stop without its store");
            }
            await redis.StartAsync();
            var back = HistoryEvent.Now;
            await Eventually.TrueAsync(() => cluster.History.Any(e => e.What == EventKind.Believes && e.At > back), "somebody who leads");
            leader = cluster.History.Where(e => e.What == EventKind.Elected).MaxBy(e => e.At)!;
        }
        cluster.AssertInvariants();
    }

    [Fact]
    public async Task RedisRestartedWithoutItsData_NobodyLeadsBesideTheOldLeader()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var cluster = new Cluster("redis", redis.Endpoint, Lease);
        await cluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        for (var i = 0; i < 2; i++)
        {
            // Each follower has seen the leader: it asked how long its lease has to run.
            var before = await redis.CallsAsync("pttl");
            await cluster.StartAsync();
            await Eventually.GetAsync(() => redis.CallsAsync("pttl"), calls => calls > before, "the follower's claim");
        }
        await redis.KillAsync();
        redis.Forget();
        await redis.StartAsync();
        var next = await cluster.LeaderAsync(leader.At);
        Assert.True(next.Token > leader.Token);
        cluster.AssertInvariants();
    }

    [Fact]
    public async Task RedisFrozen_LeaderStopsInTime()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var cluster = new Cluster("redis", redis.Endpoint, Lease);
        for (var i = 0; i < 2; i++)
            await cluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        redis.Freeze();
        await Eventually.TrueAsync(() => cluster.History.Any(e => e.What == EventKind.Lost && e.Token == leader.Token), "the leader to stop");
        redis.Continue();
        Assert.True((await cluster.LeaderAsync(leader.At)).Token > leader.Token);
        cluster.AssertInvariants();
    }

    /// <summary>Starts three candidates, and kills one leader after another; for each a new candidate comes.</summary>
    private static async Task KillLeadersAsync(Cluster cluster, int rounds)
    {
        for (var i = 0; i < 3; i++)
            await cluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        for (var round = 0; round < rounds; round++)
        {
            var at = await cluster.KillAsync(leader.Candidate);
            leader = await cluster.LeaderAsync(at);
            await cluster.StartAsync();
        }
    }
}
