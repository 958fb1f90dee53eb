using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>What every strategy must do whose elections have an entry in a store.</summary>
public abstract class EntryConformance : ElectionConformance
{
    [Fact]
    public async Task Entry_DeletedByHand_LeaderLearnsOfItAndNobodyLeadsBesideIt()
    {
        var store = (EntryStore)Store;
        var election = Backend().CreateElection("e", "a");
        var leader = await election.CampaignAsync(Late);
        var (follower, _) = await FollowAsync("b");
        var overlap = false;
        _ = follower.ContinueWith(_ => overlap = leader.IsValid, Late, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await store.DeleteEntryAsync("e");
        var next = await follower;
        Assert.False(overlap && store.WaitsOutDeletedEntries);
        await Eventually.TrueAsync(() => leader.EndReason == LeadershipEnd.Superseded, "the leader to hear of it");
        Assert.True(next.FencingToken > leader.FencingToken);
    }
}
