using System.Collections.Concurrent;
using LeaderElection.Leases;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>What every strategy must do, on its real store. Each backend stands for a process.</summary>
public abstract class ElectionConformance : IAsyncLifetime
{
    /// <summary>A lease that no test sees the end of, however long the machine stands still.</summary>
    protected static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    private readonly ConcurrentBag<IElectionBackend> _backends = [];
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);

    protected Store Store { get; private set; } = null!;

    protected CancellationToken Late => _late.Token;

    public async Task InitializeAsync() => Store = await StartStoreAsync();

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_backends.Select(b => b.DisposeAsync().AsTask()));
        await Store.DisposeAsync();
        _late.Dispose();
    }

    [Fact]
    public async Task Campaign_Alone_IsElectedWithAToken()
    {
        var election = Backend().CreateElection("e", "a");
        var leadership = await election.CampaignAsync(Late);
        Assert.True(leadership.FencingToken > 0);
        Assert.True(leadership.IsValid);
        Assert.False(leadership.Lost.IsCancellationRequested);
        Assert.InRange(leadership.LeaseRemaining, TimeSpan.Zero, Long);
        Assert.Equal(("e", "a"), (leadership.ElectionName, leadership.CandidateId));
    }

    [Fact]
    public async Task Campaign_WhileAnotherLeads_IsElectedWhenThatOneResigned()
    {
        var first = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        var (second, _) = await FollowAsync("b");
        Assert.False(second.IsCompleted);
        await first.ResignAsync(Late);
        // With a lease of ten minutes, only the resignation can have let it in.
        Assert.True((await second).FencingToken > first.FencingToken);
        Assert.True(first.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task Tokens_OverManyHandOversAndNewProcesses_StrictlyIncrease()
    {
        long last = 0;
        for (var i = 0; i < 10; i++)
        {
            await using var backend = Backend(lease: Store.Lease);
            var leadership = await backend.CreateElection("e", $"c{i}").CampaignAsync(Late);
            Assert.True(leadership.FencingToken > last);
            last = leadership.FencingToken;
            if (i % 2 == 0)
                await leadership.ResignAsync(Late);
        }
    }

    [Fact]
    public async Task Tokens_BelowTheMinimum_AreRaisedOrRefused()
    {
        const long minimum = 9_000_000_000_000_000;
        try
        {
            var raised = await Backend(minimumToken: minimum).CreateElection("e", "a").CampaignAsync(Late);
            Assert.InRange(raised.FencingToken, minimum, long.MaxValue);
        }
        catch (ElectionStoreException e)
        {
            Assert.Contains("below the MinimumFencingToken of 9000000000000000", e.Message, StringComparison.Ordinal);
            Assert.False(e.IsTransient);
            // With a lease of ten minutes, it must have resigned.
            await Backend().CreateElection("e", "b").CampaignAsync(Late);
        }
    }

    [Fact]
    public Task Leader_WellPastItsLease_StillLeads() => Eventually.OnceAsync(
        async () =>
        {
            // Long enough that a slow machine does not miss all renewals of one.
            var lease = TimeSpan.FromSeconds(3);
            await using var leading = Backend(lease: lease);
            var leader = await leading.CreateElection("e", "a").CampaignAsync(Late);
            var (follower, following) = await FollowAsync("b", lease);
            var overlaps = Overlaps.Of(leader, follower);
            var start = TimeProvider.System.GetTimestamp();
            await Eventually.TrueAsync(() => TimeProvider.System.GetElapsedTime(start) > lease * 2 || !leader.IsValid, "two leases to pass");
            var stillLeads = leader.IsValid;
            Assert.False(overlaps());
            await following.DisposeAsync();
            return stillLeads;
        },
        "a leader leads on past its lease");

    [Fact]
    public async Task Leader_CutOffFromTheStore_StopsBeforeAnotherIsElected()
    {
        var cut = false;
        var leader = await Backend(_ => cut ? throw Cut() : default, Store.Lease).CreateElection("e", "a").CampaignAsync(Late);
        var (next, _) = await FollowAsync("b", Store.Lease);
        long? lost = null;
        leader.Lost.Register(() => lost = TimeProvider.System.GetTimestamp());
        cut = true;
        Assert.True((await next).FencingToken > leader.FencingToken);
        Assert.False(leader.IsValid);
        await Eventually.TrueAsync(() => lost is not null, "the callback of Lost");
    }

    [Fact]
    public async Task Leader_WhoseRequestsHang_StopsBeforeAnotherIsElected()
    {
        var hang = new TaskCompletionSource();
        var hangs = false;
        var leader = await Backend(async stop =>
        {
            if (hangs)
                await hang.Task.WaitAsync(stop);
        }, Store.Lease).CreateElection("e", "a").CampaignAsync(Late);
        var (next, _) = await FollowAsync("b", Store.Lease);
        hangs = true;
        await next;
        Assert.False(leader.IsValid);
        hang.SetResult();
    }

    [Fact]
    public async Task Leader_AfterALoss_CanCampaignAgain()
    {
        var cut = false;
        var election = Backend(_ => cut ? throw Cut() : default, Store.Lease).CreateElection("e", "a");
        var first = await election.CampaignAsync(Late);
        cut = true;
        await Eventually.TrueAsync(() => !first.IsValid, "the loss");
        cut = false;
        var second = await election.CampaignAsync(Late);
        Assert.True(second.FencingToken > first.FencingToken);
    }

    /// <summary>Found by trial: the next one led while the work of the old one, that needed longer than the lease, was stopping.</summary>
    [Fact]
    public Task Resign_WorkThatOutlastsTheLease_NobodyLeadsBeforeItHasStopped() => Eventually.OnceAsync(
        async () =>
        {
            await using var leading = Backend(lease: Store.Lease);
            var leader = await leading.CreateElection("e", "a").CampaignAsync(Late);
            var (next, following) = await FollowAsync("b", Store.Lease);
            var stops = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!leader.IsValid)
            {
                await following.DisposeAsync();
                return false;
            }
            var work = leader.RunAsync(_ => stops.Task);
            var resigning = leader.ResignAsync(Late).AsTask();
            var waits = await Task.WhenAny(next, Task.Delay(Store.Lease * 2.5, TimeProvider.System, Late)) != next;
            Assert.False(resigning.IsCompleted);
            stops.SetResult();
            await work;
            await Record.ExceptionAsync(() => resigning);
            Assert.True((await next).FencingToken > leader.FencingToken);
            await following.DisposeAsync();
            return waits;
        },
        "nobody leads before the work has stopped");

    [Fact]
    public async Task Campaign_CalledOff_LeavesNothingBehind()
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        using var stop = new CancellationTokenSource();
        var (called, _) = await FollowAsync("b", stop: stop.Token);
        await stop.CancelAsync();
        var calledOff = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => called);
        Assert.Equal(stop.Token, calledOff.CancellationToken);
        var third = Backend().CreateElection("e", "c").CampaignAsync(Late).AsTask();
        await leader.ResignAsync(Late);
        Assert.Equal("c", (await third).CandidateId);
    }

    [Fact]
    public async Task Campaign_CalledOffAtAnyMoment_LeavesNothingBehind()
    {
        var random = new Random(7);
        await using var hasty = Backend();
        for (var i = 0; i < 30; i++)
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromMicroseconds(random.Next(3000)), TimeProvider.System);
            try
            {
                await (await hasty.CreateElection("e", "hasty").CampaignAsync(stop.Token)).ResignAsync(Late);
            }
            catch (OperationCanceledException)
            {
            }
        }
        await Backend().CreateElection("e", "patient").CampaignAsync(Late);
    }

    [Fact]
    public async Task Campaign_OneOfManyCandidates_WinsAtATime()
    {
        var holders = 0;
        var tokens = new ConcurrentQueue<long>();
        await Task.WhenAll(Enumerable.Range(0, Store.MostBackends).Select(async i =>
        {
            var election = Backend().CreateElection("e", $"c{i}");
            for (var round = 0; round < 4; round++)
            {
                var leadership = await election.CampaignAsync(Late);
                Assert.Equal(1, Interlocked.Increment(ref holders));
                tokens.Enqueue(leadership.FencingToken);
                await Task.Yield();
                Interlocked.Decrement(ref holders);
                await leadership.ResignAsync(Late);
            }
        }));
        Assert.Equal(tokens.Order(), tokens);
        Assert.Equal(4 * Store.MostBackends, tokens.Distinct().Count());
    }

    [Fact]
    public async Task Campaign_TwoSeatsWithTheSameCandidateId_NeverBothLead()
    {
        var backend = Backend(lease: Store.Lease);
        var first = await backend.CreateElection("e", "twin").CampaignAsync(Late);
        var second = backend.CreateElection("e", "twin").CampaignAsync(Late).AsTask();
        var third = Backend(lease: Store.Lease).CreateElection("e", "twin").CampaignAsync(Late).AsTask();
        var overlaps = Overlaps.Of(first, second, third);
        // Some renewals and looks; where the machine stands still for that long, another may lead by right.
        await Task.WhenAny(second, third, Task.Delay(Store.Lease * 1.5, TimeProvider.System, Late));
        await first.ResignAsync(Late);
        var next = await await Task.WhenAny(second, third);
        Assert.True(next.FencingToken > first.FencingToken);
        Assert.False(overlaps());
        Assert.False(second.IsCompleted && third.IsCompleted && (await second).IsValid && (await third).IsValid);
    }

    [Fact]
    public async Task Campaign_Twice_IsRefused()
    {
        var election = Backend().CreateElection("e", "a");
        await election.CampaignAsync(Late);
        await Assert.ThrowsAsync<InvalidOperationException>(() => election.CampaignAsync(Late).AsTask());
    }

    [Fact]
    public async Task ManyElections_OnOneBackend_AreAllWonAndAllMove()
    {
        const int count = 300;
        var holder = Backend();
        var held = await Task.WhenAll(Enumerable.Range(0, count).Select(i => holder.CreateElection($"shard-{i}", "a").CampaignAsync(Late).AsTask()));
        var standby = Backend();
        var moves = Enumerable.Range(0, count).Select(i => standby.CreateElection($"shard-{i}", "b").CampaignAsync(Late).AsTask()).ToArray();
        await FollowsAsync(standby, count);
        // One that resigns alone does not disturb the others.
        await held[0].ResignAsync(Late);
        Assert.True((await moves[0]).FencingToken > held[0].FencingToken);
        Assert.True(held[1].IsValid);
        await holder.DisposeAsync();
        var moved = await Task.WhenAll(moves);
        Assert.All(held.Zip(moved), pair => Assert.True(pair.Second.FencingToken > pair.First.FencingToken));
        Assert.All(held, leadership => Assert.False(leadership.IsValid));
    }

    [Fact]
    public async Task Observe_TellsTheLeaderItsEndAndTheNext()
    {
        await using var observer = Backend().CreateElection("e", "observer").ObserveAsync(Late).GetAsyncEnumerator(Late);
        Assert.True(await observer.MoveNextAsync());
        Assert.Null(observer.Current);

        var first = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        Assert.True(await observer.MoveNextAsync());
        Assert.Equal(("a", first.FencingToken), (observer.Current!.CandidateId, observer.Current.FencingToken));

        await first.ResignAsync(Late);
        Assert.True(await observer.MoveNextAsync());
        Assert.Null(observer.Current);

        var second = await Backend().CreateElection("e", "b").CampaignAsync(Late);
        Assert.True(await observer.MoveNextAsync());
        Assert.Equal(("b", second.FencingToken), (observer.Current!.CandidateId, observer.Current.FencingToken));
    }

    [Fact]
    public Task Observe_LeaderDiesSilently_TellsThatThereIsNone() => Eventually.OnceAsync(
        async () =>
        {
            var cut = false;
            await using var leading = Backend(_ => cut ? throw Cut() : default, Store.Lease);
            await leading.CreateElection("e", "a").CampaignAsync(Late);
            await using var observing = Backend(lease: Store.Lease);
            await using var observer = observing.CreateElection("e", "observer").ObserveAsync(Late).GetAsyncEnumerator(Late);
            Assert.True(await observer.MoveNextAsync());
            if (observer.Current is not { } leader)
                return false;
            Assert.Equal("a", leader.CandidateId);
            cut = true;
            Assert.True(await observer.MoveNextAsync());
            Assert.Null(observer.Current);
            return true;
        },
        "an observer sees the leader before its lease runs out");

    [Fact]
    public async Task Store_GoneAndBack_LeaderStopsInTimeAndLeadershipReturnsWithAHigherToken()
    {
        var leader = await Backend(lease: Store.Lease).CreateElection("e", "a").CampaignAsync(Late);
        var (follower, _) = await FollowAsync("b", Store.Lease);
        await Store.StopAsync();
        // Only where the machine stood still for a lease just now, another may lead already.
        var ledLonger = leader.IsValid;
        await Eventually.TrueAsync(() => !leader.IsValid, "the leader to stop without its store");
        Assert.False(ledLonger && follower.IsCompleted);
        await Store.StartAsync();
        Assert.True((await follower).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Store_NotThereYet_IsWaitedForOrRefusedInOneLine()
    {
        await Store.StopAsync();
        var election = Backend(lease: Store.Lease).CreateElection("e", "a");
        var campaign = election.CampaignAsync(Late).AsTask();
        if (await Task.WhenAny(campaign, Eventually.TrueAsync(() => !Store.Log.Lines.IsEmpty, "a line that says so")) == campaign)
        {
            var error = await Assert.ThrowsAsync<ElectionStoreException>(() => campaign);
            Assert.DoesNotContain('\n', error.Message);
            await Store.StartAsync();
            await election.CampaignAsync(Late);
            return;
        }
        Assert.DoesNotContain(Store.Log.Lines, line => line.Contains('\n', StringComparison.Ordinal));
        await Store.StartAsync();
        await campaign;
    }

    [Fact]
    public async Task Ping_TellsWhetherTheStoreAnswers()
    {
        var backend = Backend(lease: Store.Lease);
        await backend.PingAsync(Late);
        await Store.StopAsync();
        await Assert.ThrowsAsync<ElectionStoreException>(async () =>
        {
            while (true)
                await backend.PingAsync(Late);
        });
        await Store.StartAsync();
    }

    [Fact]
    public async Task Dispose_OfTheBackend_ResignsAndEndsWhatWaits()
    {
        var backend = Backend();
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        var waiting = backend.CreateElection("e", "b").CampaignAsync(Late).AsTask();
        var other = Backend().CreateElection("e", "c").CampaignAsync(Late).AsTask();
        await backend.DisposeAsync();
        Assert.False(leader.IsValid);
        await Assert.ThrowsAnyAsync<Exception>(() => waiting);
        Assert.True((await other).FencingToken > leader.FencingToken);
        Assert.Throws<ObjectDisposedException>(() => backend.CreateElection("e", "d"));
    }

    [Fact]
    public void CreateElection_BadName_IsRefused()
    {
        var backend = Backend();
        foreach (var name in (string[])["", "a/b", "..", "a b"])
        {
            Assert.Throws<ArgumentException>(() => backend.CreateElection(name, "a"));
            Assert.Throws<ArgumentException>(() => backend.CreateElection("e", name));
        }
    }

    protected abstract Task<Store> StartStoreAsync();

    protected static ElectionStoreException Cut() => new("cut off by the test", isTransient: true);

    protected IElectionBackend Backend(Func<CancellationToken, ValueTask>? beforeRequest = null, TimeSpan? lease = null, long minimumToken = 0)
    {
        var backend = Store.CreateBackend(beforeRequest, lease ?? Long, minimumToken);
        _backends.Add(backend);
        return backend;
    }

    /// <summary>Starts a campaign against a leader, and returns when the candidate waits for that to end, or leads already.</summary>
    /// <returns>The campaign, in a shell: to await this is not to await that.</returns>
    protected async Task<(Task<Leadership> Campaign, IElectionBackend Backend)> FollowAsync(
        string candidate, TimeSpan? lease = null, CancellationToken? stop = null)
    {
        var backend = Backend(lease: lease);
        var campaign = backend.CreateElection("e", candidate).CampaignAsync(stop ?? Late).AsTask();
        await Eventually.TrueAsync(() => ((StoreBackend)backend).FollowerCount == 1 || campaign.IsCompleted, "the follower to wait");
        return (campaign, backend);
    }

    protected static Task FollowsAsync(IElectionBackend backend, int count) =>
        Eventually.TrueAsync(() => ((StoreBackend)backend).FollowerCount == count, "the follower to wait");
}
