using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>What every strategy must do whose elections have an entry in a store.</summary>
public abstract class EntryConformance : ElectionConformance
{
    [Fact]
    public Task Entry_DeletedByHand_LeaderLearnsOfItAndNobodyLeadsBesideIt() => Eventually.OnceAsync(
        async () =>
        {
            var store = (EntryStore)Store;
            await using var leading = Backend(lease: Store.Lease);
            var leader = await leading.CreateElection("e", "a").CampaignAsync(Late);
            var (follower, following) = await FollowAsync("b", Store.Lease);
            var overlaps = Overlaps.Of(leader, follower);
            await store.DeleteEntryAsync("e");
            var next = await follower;
            Assert.False(overlaps() && store.WaitsOutDeletedEntries);
            await Eventually.TrueAsync(() => leader.EndReason is not null, "the leader to hear of it");
            Assert.True(next.FencingToken > leader.FencingToken);
            await following.DisposeAsync();
            return leader.EndReason == LeadershipEnd.Superseded;
        },
        "the leader hears of it before its lease runs out");

    /// <summary>Found by a chaos run: the next was elected while the work that had to stop was stopping.</summary>
    [Fact]
    public Task Entry_DeletedByHand_NobodyIsElectedBeforeTheWorkHasStopped() => WorkIsWaitedForAsync(async (store, leader) =>
    {
        await store.DeleteEntryAsync("e");
        await Eventually.TrueAsync(() => leader.EndReason == LeadershipEnd.Superseded, "the leader to hear of it");
    });

    /// <summary>Found by a chaos run, too.</summary>
    [Fact]
    public Task Lease_LostBeforeItsTime_NobodyIsElectedBeforeTheWorkHasStopped() => WorkIsWaitedForAsync((store, leader) =>
        store.LoseLeasesAsync(() => Eventually.TrueAsync(() => !leader.IsValid, "the leader to hear of it")));

    /// <summary>Found by a busy machine: resigning on its way out, the backend elected the next of its own candidates.</summary>
    [Fact]
    public async Task Dispose_OfTheBackendWhileItClaims_ElectsNobodyOfItsOwn()
    {
        var holdsBack = false;
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var lease = TimeSpan.FromSeconds(30);
        var backend = Backend(async stop =>
        {
            if (Interlocked.Exchange(ref holdsBack, false))
                await held.Task.WaitAsync(stop);
        }, lease);
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        await using var observer = Backend(lease: lease).CreateElection("e", "observer").ObserveAsync(Late).GetAsyncEnumerator(Late);
        Assert.True(await observer.MoveNextAsync());
        Assert.Equal("a", observer.Current!.CandidateId);

        holdsBack = true;
        var claiming = backend.CreateElection("e", "b").CampaignAsync(Late).AsTask();
        await Eventually.TrueAsync(() => !Volatile.Read(ref holdsBack), "the claim to be under way");
        var ending = backend.DisposeAsync().AsTask();
        Assert.True(await observer.MoveNextAsync());
        Assert.Null(observer.Current);
        held.SetResult();
        await ending;
        await Assert.ThrowsAsync<ObjectDisposedException>(() => claiming);
        Assert.True((await Backend(lease: lease).CreateElection("e", "c").CampaignAsync(Late)).FencingToken > leader.FencingToken);
    }

    /// <summary>Found by a chaos run: a time-out of the store's client, which nobody here had asked for, ended a campaign, and with it a process.</summary>
    [Fact]
    public async Task Request_ThatTheClientGivesUpByItself_IsTroubleThatPasses()
    {
        var failures = 2;
        var lease = TimeSpan.FromMinutes(10);
        var backend = Backend(_ => Interlocked.Decrement(ref failures) >= 0 ? throw new TaskCanceledException() : default, lease);
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);

        Volatile.Write(ref failures, 1);
        await using var observer = backend.CreateElection("e", "observer").ObserveAsync(Late).GetAsyncEnumerator(Late);
        do
            Assert.True(await observer.MoveNextAsync());
        while (observer.Current is null);
        Assert.Equal("a", observer.Current.CandidateId);

        Volatile.Write(ref failures, 1);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.PingAsync(Late).AsTask());
        Assert.True(error.IsTransient);

        var (follower, _) = await FollowAsync("b", lease);
        Volatile.Write(ref failures, 1);
        await Assert.ThrowsAsync<ElectionStoreException>(() => leader.ResignAsync().AsTask());
        Assert.True((await follower).FencingToken > leader.FencingToken);
    }

    /// <summary>The look that a deletion calls for is not given up either, whatever goes wrong with it.</summary>
    [Fact]
    public async Task Entry_DeletedByHandWhileRequestsFail_LeaderLearnsOfIt()
    {
        var failures = new Queue<Exception>();
        var backend = Backend(
            _ =>
            {
                lock (failures) return failures.TryDequeue(out var failure) ? throw failure : default;
            },
            TimeSpan.FromSeconds(6));
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        lock (failures)
        {
            failures.Enqueue(new TaskCanceledException());
            failures.Enqueue(new InvalidOperationException("a mistake"));
        }
        await ((EntryStore)Store).DeleteEntryAsync("e");
        await Eventually.TrueAsync(() => leader.EndReason == LeadershipEnd.Superseded, "the leader to hear of it");
    }

    private Task WorkIsWaitedForAsync(Func<EntryStore, Leadership, Task> takeAwayAsync) => Eventually.OnceAsync(
        () => WorkIsWaitedForAsync((EntryStore)Store, takeAwayAsync), "the work is waited for");

    private async Task<bool> WorkIsWaitedForAsync(EntryStore store, Func<EntryStore, Leadership, Task> takeAwayAsync)
    {
        if (!store.WaitsForWorkOfDeletedEntries)
            return true;
        var lease = TimeSpan.FromSeconds(6);
        await using var leading = Backend(lease: lease);
        var leader = await leading.CreateElection("e", "a").CampaignAsync(Late);
        var (follower, following) = await FollowAsync("b", lease);
        var stops = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var work = leader.RunAsync(async lost =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await stops.Task;
        });
        await takeAwayAsync(store, leader);
        // A tenth of the lease is many times what it takes to be elected.
        var waits = await Task.WhenAny(follower, Task.Delay(lease / 10, TimeProvider.System)) != follower;
        stops.SetResult();
        await work;
        Assert.True((await follower).FencingToken > leader.FencingToken);
        await following.DisposeAsync();
        return waits;
    }
}
