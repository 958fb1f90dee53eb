using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>Three servers, all well.</summary>
public class RedisMajorityConformance : ElectionConformance
{
    protected virtual ServerFault Fault => ServerFault.None;

    /// <summary>With several servers the leader enters it again, as it does on one that was emptied.</summary>
    public override async Task Entry_DeletedByHand_LeaderLearnsOfItAndNobodyLeadsBesideIt()
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        var (follower, _) = await FollowAsync("b");
        await Store.DeleteEntryAsync("e");
        var servers = ((RedisMajorityStore)Store).Servers;
        await Eventually.GetAsync(
            () => servers[0].CliAsync("GET", "{leader-election}:election:e"), entry => entry.Contains($" {leader.FencingToken} "), "the leader's entry");
        Assert.False(follower.IsCompleted);
        await leader.ResignAsync(Late);
        Assert.True((await follower).FencingToken > leader.FencingToken);
    }

    protected override async Task<Store> StartStoreAsync() => await RedisMajorityStore.StartNewAsync(Fault);
}

public sealed class RedisMajorityWithADeadServerConformance : RedisMajorityConformance
{
    protected override ServerFault Fault => ServerFault.Dead;
}

public sealed class RedisMajorityWithAFrozenServerConformance : RedisMajorityConformance
{
    protected override ServerFault Fault => ServerFault.Frozen;
}

public sealed class RedisMajorityWithAnEmptiedServerConformance : RedisMajorityConformance
{
    protected override ServerFault Fault => ServerFault.Emptied;
}
