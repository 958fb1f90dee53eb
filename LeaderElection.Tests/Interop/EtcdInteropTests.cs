using LeaderElection.Tests.Conformance;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Interop;

/// <summary>Ours and etcd's own tool in one election.</summary>
public sealed class EtcdInteropTests : EtcdTests
{
    [Fact]
    public async Task Leadership_GoesFromOursToEtcdctlAndBack()
    {
        var ours = Backend(Long).CreateElection("e", "ours");
        var first = await ours.CampaignAsync(Late);
        await using var peer = EtcdctlElect.Campaign(Store.Server, "e", "theirs");
        await QueueAsync(2);
        Assert.Empty(peer.Lines);
        await first.ResignAsync(Late);
        var key = await peer.LeadsAsync("theirs");
        Assert.StartsWith("e/", key);

        var again = ours.CampaignAsync(Late).AsTask();
        await QueueAsync(2);
        Assert.False(again.IsCompleted);
        Assert.Equal(0, await peer.InterruptAsync());
        Assert.True((await again).FencingToken > first.FencingToken);
    }

    [Fact]
    public async Task MixedQueue_KeepsItsOrder()
    {
        await using var first = EtcdctlElect.Campaign(Store.Server, "e", "first");
        await first.LeadsAsync("first");
        var second = Backend(Long).CreateElection("e", "second").CampaignAsync(Late).AsTask();
        await QueueAsync(2);
        await using var third = EtcdctlElect.Campaign(Store.Server, "e", "third");
        await QueueAsync(3);
        var fourth = Backend(Long).CreateElection("e", "fourth").CampaignAsync(Late).AsTask();
        await QueueAsync(4);

        Assert.Equal(0, await first.InterruptAsync());
        var leader = await second;
        Assert.Empty(third.Lines);
        Assert.False(fourth.IsCompleted);
        await leader.ResignAsync(Late);
        await third.LeadsAsync("third");
        Assert.False(fourth.IsCompleted);
        Assert.Equal(0, await third.InterruptAsync());
        Assert.True((await fourth).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task EtcdctlListens_SeesOursAndWhatItProclaims()
    {
        await using var listener = EtcdctlElect.Listen(Store.Server, "e");
        var backend = Backend(Long);
        var leader = await backend.CreateElection("e", "ours").CampaignAsync(Late);
        Assert.Equal(Assert.Single(await KeysAsync()), await listener.LeadsAsync("ours"));
        await backend.ProclaimAsync(leader, "ours at host:1", Late);
        await listener.LeadsAsync("ours at host:1");
        await leader.ResignAsync(Late);
        await Backend(Long).CreateElection("e", "next").CampaignAsync(Late);
        await listener.LeadsAsync("next");
    }

    [Fact]
    public async Task OursObserves_SeesEtcdctlAndItsEnd()
    {
        await using var observer = Backend().CreateElection("e", "observer").ObserveAsync(Late).GetAsyncEnumerator(Late);
        Assert.True(await observer.MoveNextAsync());
        Assert.Null(observer.Current);
        await using var peer = EtcdctlElect.Campaign(Store.Server, "e", "theirs");
        Assert.True(await observer.MoveNextAsync());
        Assert.Equal("theirs", observer.Current!.CandidateId);
        Assert.True(observer.Current.FencingToken > 0);
        await peer.LeadsAsync("theirs");
        Assert.Equal(0, await peer.InterruptAsync());
        Assert.True(await observer.MoveNextAsync());
        Assert.Null(observer.Current);
    }

    private Task QueueAsync(int length) => Eventually.GetAsync(KeysAsync, keys => keys.Length == length, $"{length} in the queue");
}
