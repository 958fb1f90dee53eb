using System.Text;
using LeaderElection.Etcd;
using LeaderElection.Tests.Conformance;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Fencing;

/// <summary>What a leader on etcd can do with its key: fence its own writes, and change its value.</summary>
public sealed class EtcdFencingTests : EtcdTests
{
    [Fact]
    public async Task PutAsync_WhileLeading_WritesAndAfterwardsDoesNot()
    {
        var backend = Backend(Long);
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        Assert.True(await backend.PutAsync(leader, "config", "1", Late));
        Assert.Equal("1", await Store.Server.CtlAsync("get", "config", "--print-value-only"));
        await leader.ResignAsync(Late);
        Assert.False(await backend.PutAsync(leader, "config", "2", Late));
        Assert.Equal("1", await Store.Server.CtlAsync("get", "config", "--print-value-only"));
    }

    [Fact]
    public async Task PutAsync_WhenTheStoreNamesAnotherLeader_IsRefusedByTheStore()
    {
        // It cannot look, so it still believes when it writes: what stops it is etcd.
        var cut = false;
        var backend = Backend(Long, configure: o => o.BeforeRequest = _ => cut ? throw new ElectionStoreException("cut off by the test", isTransient: true) : default);
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        cut = true;
        await ((EntryStore)Store).DeleteEntryAsync("e");
        Assert.True(leader.IsValid);
        Assert.False(await backend.PutAsync(leader, "config", "2", Late));
        Assert.Equal("", await Store.Server.CtlAsync("get", "config", "--print-value-only"));
    }

    [Fact]
    public async Task FrozenLeaderWakesUp_ItsWritesAreRefusedByTheStore()
    {
        var freezer = new Freezer();
        var backend = Backend(configure: o => o.BeforeRequest = freezer.BeforeRequestAsync);
        var old = await backend.CreateElection("e", "a").CampaignAsync(Late);
        var guard = backend.Guard(old);
        Assert.True(await WriteAsync(guard));
        freezer.Freeze();
        var successor = Backend();
        var next = await successor.CreateElection("e", "b").CampaignAsync(Late);
        Assert.True(await successor.PutAsync(next, "c", "2", Late));
        Assert.False(await WriteAsync(guard));
        Assert.False(await backend.PutAsync(old, "c", "3", Late));
        Assert.Equal("2", await Store.Server.CtlAsync("get", "c", "--print-value-only"));
        freezer.Thaw();
    }

    [Fact]
    public async Task Guard_InATransactionOfAnotherClient_HoldsWhileLeading()
    {
        var backend = Backend(Long);
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        var guard = backend.Guard(leader);
        Assert.Equal(new EtcdCondition(Assert.Single(await KeysAsync()), leader.FencingToken), guard);
        Assert.True(await WriteAsync(guard));
        await leader.ResignAsync(Late);
        Assert.False(await WriteAsync(guard));
        Assert.Throws<InvalidOperationException>(() => backend.Guard(leader));
    }

    [Fact]
    public async Task ProclaimAsync_WhileLeading_IsObserved()
    {
        var backend = Backend(Long);
        await using var observer = Backend().CreateElection("e", "observer").ObserveAsync(Late).GetAsyncEnumerator(Late);
        Assert.True(await observer.MoveNextAsync());
        Assert.Null(observer.Current);
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        Assert.True(await observer.MoveNextAsync());
        Assert.Equal("a", observer.Current!.CandidateId);
        // One who comes later does not hide what the leader says after it.
        await FollowAsync("b", Long);
        Assert.True(await backend.ProclaimAsync(leader, "a at host:1", Late));
        Assert.True(await observer.MoveNextAsync());
        Assert.Equal(("a at host:1", leader.FencingToken), (observer.Current!.CandidateId, observer.Current.FencingToken));
        await leader.ResignAsync(Late);
        Assert.False(await backend.ProclaimAsync(leader, "too late", Late));
    }

    private async Task<bool> WriteAsync(EtcdCondition guard)
    {
        using var http = new HttpClient();
        using var body = new StringContent($$$"""{"compare":[{{{guard.ToJson()}}}],"success":[{"request_put":{"key":"Yw==","value":"MQ=="}}]}""", Encoding.UTF8, "application/json");
        using var reply = await http.PostAsync($"{Store.Server.Endpoint}/v3/kv/txn", body, Late);
        return (await reply.EnsureSuccessStatusCode().Content.ReadAsStringAsync(Late)).Contains("\"succeeded\":true", StringComparison.Ordinal);
    }
}
