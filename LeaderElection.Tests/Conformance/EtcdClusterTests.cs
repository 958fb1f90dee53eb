using LeaderElection.Etcd;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>Elections on three members of which some fail.</summary>
public sealed class EtcdClusterTests : IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(4);

    private readonly List<EtcdElectionBackend> _backends = [];
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(90), TimeProvider.System);
    private readonly LineLogger _log = new();
    private EtcdCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await EtcdCluster.StartNewAsync();

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_backends.Select(b => b.DisposeAsync().AsTask()));
        await _cluster.DisposeAsync();
        _late.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MemberKilled_LeadershipGoesOnOrReturnsAndIsHandedOver(bool thatLeads)
    {
        var killed = await _cluster.LeaderIndexAsync();
        if (!thatLeads)
            killed = (killed + 1) % 3;
        // Everybody talks to the member that dies.
        var (leader, next) = await LeadAndFollowAsync(killed);
        await _cluster.Members[killed].KillAsync();
        await Task.Delay(Lease * 1.5, TimeProvider.System, _late.Token);
        // The new leader of the cluster may have taken longer than the lease: then the follower leads.
        Assert.False(next.IsCompleted && leader.IsValid);
        await leader.ResignAsync(_late.Token);
        Assert.True((await next).FencingToken > leader.FencingToken);
        Assert.False(leader.IsValid);
    }

    [Fact]
    public async Task MemberFrozen_LeadershipGoesOnOrReturnsAndIsHandedOver()
    {
        var frozen = (await _cluster.LeaderIndexAsync() + 1) % 3;
        var (leader, next) = await LeadAndFollowAsync(frozen);
        _cluster.Members[frozen].Freeze();
        await Task.Delay(Lease * 1.5, TimeProvider.System, _late.Token);
        await leader.ResignAsync(_late.Token);
        Assert.True((await next).FencingToken > leader.FencingToken);
        _cluster.Members[frozen].Continue();
    }

    [Fact]
    public async Task QuorumLostAndRegained_NobodyLeadsMeanwhileAndLeadershipReturnsByItself()
    {
        var (leader, next) = await LeadAndFollowAsync(0);
        await Task.WhenAll(_cluster.Members[1].KillAsync(), _cluster.Members[2].KillAsync());
        // Only where the machine stood still for a lease just now, another may lead already.
        var ledLonger = leader.IsValid;
        await Eventually.TrueAsync(() => leader.EndReason is not null, "the leader to stop");
        await Task.Delay(Lease, TimeProvider.System, _late.Token);
        Assert.False(ledLonger && next.IsCompleted);
        await Task.WhenAll(_cluster.Members[1].StartAsync(), _cluster.Members[2].StartAsync());
        Assert.True((await next).FencingToken > leader.FencingToken);
        Assert.DoesNotContain(_log.Lines, line => line.Contains('\n', StringComparison.Ordinal));
    }

    [Fact]
    public async Task Observer_OfAMemberWithoutQuorum_HearsOfTheNextLeaderFromAnother()
    {
        // Long, so that the next leader is still there when the observer has found a member that answers.
        var (leader, next) = await LeadAndFollowAsync(0, TimeSpan.FromSeconds(30));
        await using var observer = Backend(0).CreateElection("e", "observer").ObserveAsync(_late.Token).GetAsyncEnumerator(_late.Token);
        Assert.True(await observer.MoveNextAsync());
        Assert.Equal("a", observer.Current!.CandidateId);
        await _cluster.Members[0].KillAsync();
        // While the others have no leader it may fail, and go on in the background.
        await leader.DisposeAsync();
        var token = (await next).FencingToken;
        while (observer.Current?.FencingToken != token)
            Assert.True(await observer.MoveNextAsync());
    }

    private async Task<(Leadership Leader, Task<Leadership> Next)> LeadAndFollowAsync(int member, TimeSpan? lease = null)
    {
        var leader = await Backend(member, lease).CreateElection("e", "a").CampaignAsync(_late.Token);
        var backend = Backend(member, lease);
        var next = backend.CreateElection("e", "b").CampaignAsync(_late.Token).AsTask();
        await Eventually.TrueAsync(() => ((LeaderElection.Leases.StoreBackend)backend).FollowerCount == 1 || next.IsCompleted, "the follower to wait");
        return (leader, next);
    }

    /// <summary>A backend that turns to this member first.</summary>
    private EtcdElectionBackend Backend(int first, TimeSpan? lease = null)
    {
        var endpoints = Enumerable.Range(first, 3).Select(i => _cluster.Members[i % 3].Endpoint);
        var backend = new EtcdElectionBackend(
            new EtcdElectionOptions { ConnectionString = string.Join(',', endpoints), LeaseDuration = lease ?? Lease }, _log.For<EtcdElectionBackend>());
        _backends.Add(backend);
        return backend;
    }
}
