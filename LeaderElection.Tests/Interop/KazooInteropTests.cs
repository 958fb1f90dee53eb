using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;
using LeaderElection.ZooKeeper;

namespace LeaderElection.Tests.Interop;

/// <summary>Ours and Python's kazoo in one election.</summary>
public sealed class KazooInteropTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private ZooKeeperServer _server = null!;
    private ZooKeeperElectionBackend _backend = null!;

    public async Task InitializeAsync()
    {
        _server = await ZooKeeperServer.StartNewAsync();
        _backend = new ZooKeeperElectionBackend(new ZooKeeperElectionOptions
        {
            ConnectionString = _server.Endpoint,
            NodeNaming = ZooKeeperNodeNaming.Kazoo,
            LeaseDuration = TimeSpan.FromSeconds(10),
        });
    }

    public async Task DisposeAsync()
    {
        await _backend.DisposeAsync();
        await _server.DisposeAsync();
        _late.Dispose();
    }

    [Fact]
    public async Task OursLeads_KazooWaits_AndBack()
    {
        var leader = await _backend.CreateElection("e", "ours").CampaignAsync(_late.Token);
        await using var kazoo = await PeerAsync("kazoo");
        await ContendersAsync(kazoo, "ours", "kazoo");
        Assert.False(kazoo.HasLed);
        await leader.ResignAsync(_late.Token);
        await kazoo.LeadsAsync();

        var second = _backend.CreateElection("e", "ours").CampaignAsync(_late.Token).AsTask();
        await ContendersAsync(kazoo, "kazoo", "ours");
        Assert.False(second.IsCompleted);
        await kazoo.ResignAsync();
        Assert.True((await second).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task KazooDies_OursLeadsAfterItsSession()
    {
        await using var kazoo = await PeerAsync("kazoo");
        await kazoo.LeadsAsync();
        var ours = _backend.CreateElection("e", "ours").CampaignAsync(_late.Token).AsTask();
        await ContendersAsync(kazoo, "kazoo", "ours");
        kazoo.Process.Kill();
        Assert.True((await ours).IsValid);
    }

    [Fact]
    public async Task MixedQueue_KeepsItsOrder()
    {
        await using var observer = _backend.CreateElection("e", "observer").ObserveAsync(_late.Token).GetAsyncEnumerator(_late.Token);
        var first = await _backend.CreateElection("e", "ours-1").CampaignAsync(_late.Token);
        await using var second = await PeerAsync("kazoo-2");
        await ContendersAsync(second, "ours-1", "kazoo-2");
        var third = _backend.CreateElection("e", "ours-3").CampaignAsync(_late.Token).AsTask();
        await ContendersAsync(second, "ours-1", "kazoo-2", "ours-3");
        await using var fourth = await PeerAsync("kazoo-4");
        await ContendersAsync(second, "ours-1", "kazoo-2", "ours-3", "kazoo-4");
        await LeaderAsync("ours-1");

        await first.ResignAsync(_late.Token);
        await second.LeadsAsync();
        await LeaderAsync("kazoo-2");
        Assert.False(third.IsCompleted || fourth.HasLed);
        await second.ResignAsync();
        var leader = await third;
        Assert.False(fourth.HasLed);
        await leader.ResignAsync(_late.Token);
        await fourth.LeadsAsync();
        await LeaderAsync("kazoo-4");

        async Task LeaderAsync(string expected)
        {
            while (observer.Current?.CandidateId != expected)
                Assert.True(await observer.MoveNextAsync());
        }
    }

    [Fact]
    public async Task KazooGivesUpWaiting_TheOneBehindItWaitsOnForOurs()
    {
        var first = await _backend.CreateElection("e", "ours-1").CampaignAsync(_late.Token);
        await using var second = await PeerAsync("kazoo-2");
        await ContendersAsync(second, "ours-1", "kazoo-2");
        var third = _backend.CreateElection("e", "ours-3").CampaignAsync(_late.Token).AsTask();
        await ContendersAsync(second, "ours-1", "kazoo-2", "ours-3");
        await second.ResignAsync();
        await ContendersAsync(second, "ours-1", "ours-3");
        Assert.True(first.IsValid);
        Assert.False(third.IsCompleted);
        await first.ResignAsync(_late.Token);
        await third;
    }

    private Task<KazooCandidate> PeerAsync(string identifier) => KazooCandidate.StartAsync(_server.Endpoint, "/election/e", identifier);

    private static Task ContendersAsync(KazooCandidate peer, params string[] expected) =>
        Eventually.GetAsync(peer.ContendersAsync, contenders => contenders.SequenceEqual(expected), $"kazoo to see {string.Join(", ", expected)}");
}
