using LeaderElection.Tests.Conformance;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;
using LeaderElection.ZooKeeper;

namespace LeaderElection.Tests.ZooKeeper;

/// <summary>An election on three servers of which some fail.</summary>
public sealed class ZooKeeperEnsembleTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(120), TimeProvider.System);
    private readonly List<IElectionBackend> _backends = [];
    private readonly LineLogger _log = new();
    private ZooKeeperEnsemble _ensemble = null!;

    public async Task InitializeAsync() => _ensemble = await ZooKeeperEnsemble.StartNewAsync();

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_backends.Select(b => b.DisposeAsync().AsTask()));
        await _ensemble.DisposeAsync();
        _late.Dispose();
    }

    [Fact]
    public async Task FollowersKilledOneAfterTheOther_LeaderGoesOn()
    {
        // Time enough to find another server, however slow the machine.
        var leader = await Backend(TimeSpan.FromSeconds(20)).CreateElection("e", "a").CampaignAsync(_late.Token);
        var waiter = Backend(TimeSpan.FromSeconds(20)).CreateElection("e", "b").CampaignAsync(_late.Token).AsTask();
        var leading = await _ensemble.LeaderIndexAsync();
        foreach (var member in Enumerable.Range(0, 3).Where(i => i != leading))
        {
            await _ensemble.Members[member].KillAsync();
            await Backend(TimeSpan.FromSeconds(20)).CreateElection($"probe-{member}", "p").CampaignAsync(_late.Token);
            Assert.True(leader.IsValid, string.Join('\n', _log.Lines));
            Assert.False(waiter.IsCompleted);
            await _ensemble.Members[member].StartAsync();
            Assert.Equal(leading, await _ensemble.LeaderIndexAsync());
        }
        await leader.ResignAsync(_late.Token);
        Assert.True((await waiter).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task LeadingMemberKilled_TheSameOrAnotherLeadsOnce()
    {
        var first = Backend(TimeSpan.FromSeconds(4)).CreateElection("e", "a");
        var leader = await first.CampaignAsync(_late.Token);
        var waiter = Backend(TimeSpan.FromSeconds(4)).CreateElection("e", "b").CampaignAsync(_late.Token).AsTask();
        var overlaps = Overlaps.Of(leader, waiter);
        await _ensemble.Members[await _ensemble.LeaderIndexAsync()].KillAsync();
        await _ensemble.LeaderIndexAsync();
        if (leader.IsValid)
            await leader.ResignAsync(_late.Token);
        Assert.True((await waiter).FencingToken > leader.FencingToken);
        Assert.False(overlaps());
    }

    [Fact]
    public async Task QuorumLostAndRegained_NobodyLeadsWithoutItAndLeadershipReturns()
    {
        var first = Backend(TimeSpan.FromSeconds(3)).CreateElection("e", "a");
        var leader = await first.CampaignAsync(_late.Token);
        var waiter = Backend(TimeSpan.FromSeconds(3)).CreateElection("e", "b").CampaignAsync(_late.Token).AsTask();
        await using var observer = Backend(TimeSpan.FromSeconds(3)).CreateElection("e", "o").ObserveAsync(_late.Token).GetAsyncEnumerator(_late.Token);
        do
            Assert.True(await observer.MoveNextAsync());
        while (observer.Current is null);
        var leading = await _ensemble.LeaderIndexAsync();
        int[] killed = [leading, (leading + 1) % 3];
        foreach (var member in killed)
            await _ensemble.Members[member].KillAsync();
        // Only where the machine stood still for a lease just now, another may lead already.
        var ledLonger = leader.IsValid;
        await Eventually.TrueAsync(() => !leader.IsValid, "the leader to stop without a quorum");
        while (observer.Current is not null)
            Assert.True(await observer.MoveNextAsync());
        var again = first.CampaignAsync(_late.Token).AsTask();
        Assert.False(again.IsCompleted || (ledLonger && waiter.IsCompleted));
        await _ensemble.Members[killed[0]].StartAsync();
        var next = await await Task.WhenAny(waiter, again);
        Assert.True(next.FencingToken > leader.FencingToken);
        while (observer.Current is null)
            Assert.True(await observer.MoveNextAsync());
    }

    [Fact]
    public async Task LeadingMemberFrozen_LeadershipMovesOrStaysButIsNeverDouble()
    {
        var leader = await Backend(TimeSpan.FromSeconds(3)).CreateElection("e", "a").CampaignAsync(_late.Token);
        var waiter = Backend(TimeSpan.FromSeconds(3)).CreateElection("e", "b").CampaignAsync(_late.Token).AsTask();
        var overlaps = Overlaps.Of(leader, waiter);
        var frozen = _ensemble.Members[await _ensemble.LeaderIndexAsync()];
        frozen.Freeze();
        await _ensemble.LeaderIndexAsync();
        frozen.Continue();
        if (leader.IsValid)
            await leader.ResignAsync(_late.Token);
        Assert.True((await waiter).FencingToken > leader.FencingToken);
        Assert.False(overlaps());
    }

    private ZooKeeperElectionBackend Backend(TimeSpan lease)
    {
        var backend = new ZooKeeperElectionBackend(
            new ZooKeeperElectionOptions { ConnectionString = _ensemble.ConnectionString, LeaseDuration = lease }, _log.For<ZooKeeperElectionBackend>());
        _backends.Add(backend);
        return backend;
    }
}
