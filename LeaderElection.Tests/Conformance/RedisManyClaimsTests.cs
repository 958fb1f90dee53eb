using LeaderElection.Leases;
using LeaderElection.Redis;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>Claims that are made at the same time, which go to Redis together.</summary>
public sealed class RedisManyClaimsTests : RedisTests
{
    [Fact]
    public async Task ThousandAtOnce_TakeFewCallsAndMessages()
    {
        var backend = await ConnectedAsync();
        await Store.Server.CliAsync("CONFIG", "RESETSTAT");
        Store.Server.Freeze();
        // The first goes alone, the others wait for its answer. In the best case it takes nine calls.
        var campaigns = Campaign(backend, "a", 1000);
        Store.Server.Continue();
        await Task.WhenAll(campaigns);
        Assert.InRange(await Store.Server.CallsAsync("evalsha") + await Store.Server.CallsAsync("eval"), 2, 100);
        Assert.InRange(await Store.Server.CallsAsync("publish"), 2, 100);
    }

    [Fact]
    public async Task OfTwoProcesses_EachElectionHasOneLeaderAndTheNextATokenAboveIt()
    {
        IElectionBackend[] backends = [await ConnectedAsync(), await ConnectedAsync()];
        var campaigns = await Task.WhenAll(backends.Select((backend, i) => Task.Run(() => Campaign(backend, $"c{i}", 300))));
        var first = await Task.WhenAll(campaigns[0].Zip(campaigns[1], async (a, b) => await await Task.WhenAny(a, b)));
        await Eventually.TrueAsync(() => backends.Sum(b => ((StoreBackend)b).FollowerCount) == 300, "the others to follow");
        Assert.Equal(300, campaigns.Sum(c => c.Count(task => task.IsCompleted)));
        Assert.All(first, leadership => Assert.True(leadership.IsValid));

        await Task.WhenAll(first.Select(leadership => leadership.ResignAsync(Late).AsTask()));
        var both = await Task.WhenAll(campaigns.Select(Task.WhenAll));
        Assert.All(first.Zip(both[0], both[1]), e => Assert.Equal(e.First.FencingToken, Math.Min(e.Second.FencingToken, e.Third.FencingToken)));
        Assert.All(both[0].Zip(both[1]), e => Assert.NotEqual(e.First.FencingToken, e.Second.FencingToken));
    }

    [Fact]
    public async Task OfSeveralCandidatesOfOneProcess_OneIsElectedInEach()
    {
        var backend = await ConnectedAsync();
        Store.Server.Freeze();
        Task<Leadership>[][] campaigns = [.. Enumerable.Range(0, 3).Select(i => Campaign(backend, $"c{i}", 20))];
        Store.Server.Continue();
        await Eventually.TrueAsync(() => backend.FollowerCount == 40, "the others to follow");
        Assert.All(Enumerable.Range(0, 20), i => Assert.Single(campaigns, c => c[i].IsCompletedSuccessfully));
    }

    [Fact]
    public async Task UnderDifferentLeases_EachIsDecidedUnderItsOwn()
    {
        await using var node = await NodeAsync();
        Store.Server.Freeze();
        var replies = Enumerable.Range(0, 20).Select(i => node.ClaimAsync(
            new LeaseClaim { Election = $"e{i / 4}", CandidateId = $"c{i % 2}", ClaimId = $"claim-{i}", LeaseId = $"lease-{i % 2}", LongestLease = Long }, Late)).ToArray();
        Store.Server.Continue();
        for (var i = 0; i < 20; i++)
        {
            var reply = await replies[i];
            Assert.Equal((i % 4 == 0 ? ClaimAnswer.Won : ClaimAnswer.Held, "c0"), (reply.Answer, reply.Leader!.CandidateId));
        }
        Assert.Equal("c0", await Store.Server.CliAsync("GET", "{leader-election}:lease:lease-0"));
    }

    [Fact]
    public async Task OfForeignKeys_FailAlone()
    {
        var backend = await ConnectedAsync();
        await Store.Server.CliAsync("LPUSH", "{leader-election}:election:e7", "x");
        await Store.Server.CliAsync("SET", "{leader-election}:election:e8", "not ours");
        await Store.Server.CliAsync("SET", "{leader-election}:election:e9", "- 1");
        await Store.Server.CliAsync("LPUSH", "{leader-election}:token:e9", "x");
        Store.Server.Freeze();
        var campaigns = Campaign(backend, "a", 20);
        Store.Server.Continue();
        Assert.Contains("another type", (await Assert.ThrowsAsync<ElectionStoreException>(() => campaigns[7])).Message);
        Assert.Contains("election:e8 holds something that is not an election", (await Assert.ThrowsAsync<ElectionStoreException>(() => campaigns[8])).Message);
        Assert.Contains("another type", (await Assert.ThrowsAsync<ElectionStoreException>(() => campaigns[9])).Message);
        Assert.All(await Task.WhenAll(campaigns.Where((_, i) => i is < 7 or > 9)), leadership => Assert.True(leadership.IsValid));
    }

    [Fact]
    public async Task OneCalledOff_TheOthersAreElectedAndItsElectionIsFree()
    {
        var backend = await ConnectedAsync();
        using var calledOff = new CancellationTokenSource();
        Store.Server.Freeze();
        var campaigns = Campaign(backend, "a", 10);
        var withdrawn = backend.CreateElection("e10", "a").CampaignAsync(calledOff.Token).AsTask();
        campaigns = [.. campaigns, .. Campaign(backend, "a", 10, from: 11)];
        await calledOff.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => withdrawn);
        Store.Server.Continue();
        await Task.WhenAll(campaigns);
        Assert.True((await Backend(Long).CreateElection("e10", "b").CampaignAsync(Late)).IsValid);
    }

    [Fact]
    public async Task ServerKilledMeanwhile_AllAreElectedWhenItIsBack()
    {
        var backend = await ConnectedAsync(TimeSpan.FromSeconds(2));
        Store.Server.Freeze();
        var campaigns = Campaign(backend, "a", 200);
        await Store.Server.KillAsync();
        await Store.Server.StartAsync();
        var leaderships = await Task.WhenAll(campaigns);
        Assert.All(leaderships, leadership => Assert.True(leadership.FencingToken > 0));
    }

    [Fact]
    public async Task NotAnsweredInTime_DoNotHoldUpThoseThatComeLater()
    {
        await using var node = await NodeAsync();
        LeaseClaim Claim(int i) => new() { Election = $"e{i}", CandidateId = "c", ClaimId = "claim", LeaseId = "lease", LongestLease = Long };
        using var inTime = new CancellationTokenSource();
        Store.Server.Freeze();
        Task[] late = [node.ClaimAsync(Claim(0), inTime.Token), node.ClaimAsync(Claim(1), inTime.Token)];
        var later = node.ClaimAsync(Claim(2), Late);
        await inTime.CancelAsync();
        foreach (var claim in late)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => claim);
        Store.Server.Continue();
        Assert.Equal(ClaimAnswer.Won, (await later).Answer);
        // The first was sent, and has an unknown outcome; the second was withdrawn before that.
        Assert.Contains(" c", await Store.Server.CliAsync("GET", "{leader-election}:election:e0"));
        Assert.Equal("", await Store.Server.CliAsync("GET", "{leader-election}:election:e1"));
    }

    private Task<Leadership>[] Campaign(IElectionBackend backend, string candidate, int count, int from = 0) =>
        [.. Enumerable.Range(from, count).Select(i => backend.CreateElection($"e{i}", candidate).CampaignAsync(Late).AsTask())];

    /// <summary>One that is connected, and has made its first claim.</summary>
    private async Task<RedisElectionBackend> ConnectedAsync(TimeSpan? lease = null)
    {
        var backend = Backend(lease ?? Long);
        await backend.CreateElection($"kept-{Guid.NewGuid():N}", "a").CampaignAsync(Late);
        return backend;
    }
}
