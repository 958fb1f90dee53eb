using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>Three servers, all well.</summary>
public class RedisMajorityConformance : ElectionConformance
{
    protected virtual ServerFault Fault => ServerFault.None;

    /// <summary>With several servers the leader enters it again, as it does on one that was emptied.</summary>
    [Fact]
    public async Task Entry_DeletedByHand_IsEnteredAgain()
    {
        // It is entered by the next renewal.
        var lease = TimeSpan.FromSeconds(6);
        var leader = await Backend(lease: lease).CreateElection("e", "a").CampaignAsync(Late);
        var (follower, _) = await FollowAsync("b", lease);
        var store = (RedisMajorityStore)Store;
        await store.DeleteEntryAsync("e");
        await Eventually.GetAsync(
            () => store.Servers[0].CliAsync("GET", "{leader-election}:election:e"), entry => entry.Contains($" {leader.FencingToken} "), "the leader's entry");
        Assert.False(follower.IsCompleted);
        await leader.ResignAsync(Late);
        Assert.True((await follower).FencingToken > leader.FencingToken);
    }

    protected override async Task<Store> StartStoreAsync() => await RedisMajorityStore.StartNewAsync(Fault);
}
