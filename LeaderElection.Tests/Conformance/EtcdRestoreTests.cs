using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>An etcd that lost what it had, or was put back to what it had been.</summary>
public sealed class EtcdRestoreTests : EtcdTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task Emptied_ObserversAndFollowersHearOfWhatComesAfter()
    {
        var leader = await Backend(Lease).CreateElection("e", "a").CampaignAsync(Late);
        await GrowAsync();
        var observer = Backend(Long);
        await using var seen = observer.CreateElection("e", "o").ObserveAsync(Late).GetAsyncEnumerator(Late);
        await SeesAsync(seen, "a");
        await Eventually.TrueAsync(() => observer.Watches.IsQuiet, "the watch to be open");
        await Store.Server.KillAsync();
        Store.Server.Wipe();
        await Store.Server.StartAsync();
        await Eventually.TrueAsync(() => !leader.IsValid, "the lease to be gone");
        var next = await Backend(Long).CreateElection("e", "b").CampaignAsync(Late);
        await SeesAsync(seen, "b");
        await LoggedAsync("revision fell from");
        var (last, _) = await FollowAsync("c", Long);
        await next.ResignAsync(Late);
        await last;
        await SeesAsync(seen, "c");
    }

    [Fact]
    public async Task Restored_WhoLedThenNeitherLeadsBesideAnotherNorStandsInTheWay()
    {
        var first = Backend(Lease);
        var former = await first.CreateElection("e", "a").CampaignAsync(Late);
        var (next, _) = await FollowAsync("b", Lease);
        var keys = await KeysAsync();
        await Store.Server.BackUpAsync();
        await former.ResignAsync(Late);
        var leader = await next;
        await GrowAsync();
        await Store.Server.KillAsync();
        await Store.Server.RestoreAsync();
        await Store.Server.StartAsync();
        // In the backup "a" leads, whose process lives, renews its lease, and sits nowhere.
        await Eventually.GetAsync(KeysAsync, now => !now.Contains(keys[0]), "the key of the backup to go");
        await Eventually.GetAsync(KeysAsync, now => !leader.IsValid || now.FirstOrDefault() == keys[1], "the leader to hear of it, or to lead by right");
        var last = Backend(Long).CreateElection("e", "c").CampaignAsync(Late).AsTask();
        await leader.ResignAsync(Late);
        await last.WaitAsync(Eventually.Limit, TimeProvider.System);
    }

    /// <summary>More happens than will after the restart.</summary>
    private async Task GrowAsync()
    {
        for (var i = 0; i < 20; i++)
            await Store.Server.CtlAsync("put", "x", $"{i}");
    }

    private static async Task SeesAsync(IAsyncEnumerator<LeaderInfo?> observer, string candidate)
    {
        do
            Assert.True(await observer.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit, TimeProvider.System));
        while (observer.Current?.CandidateId != candidate);
    }
}
