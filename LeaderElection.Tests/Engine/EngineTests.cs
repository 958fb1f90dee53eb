using LeaderElection.Leases;
using LeaderElection.Telemetry;
using LeaderElection.Tests.Conformance;
using LeaderElection.Tests.Processes;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Tests.Engine;

/// <summary>What a lost message, a lost reply and a program's own code may do to the engine of the lease strategies: nothing.</summary>
public sealed class EngineTests : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(600);

    private readonly MemoryStore _store = new();
    private readonly List<MemoryBackend> _backends = [];
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(20), TimeProvider.System);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var backend in _backends)
            await backend.DisposeAsync();
        _late.Dispose();
    }

    [Fact]
    public async Task Claim_WhoseReplyWasLost_IsFoundAgainByTheRetry()
    {
        var lost = false;
        var backend = Backend(Long);
        backend.Executed = kind =>
        {
            if (kind == "claim" && !lost)
            {
                lost = true;
                throw Cut();
            }
        };
        // With a lease of ten minutes, nothing but its own claim can have let it in.
        Assert.Equal(1, (await backend.CreateElection("e", "a").CampaignAsync(_late.Token)).FencingToken);
    }

    [Fact]
    public async Task Claim_WhoseReplyWasLost_IsGivenBackWhenItIsCalledOff()
    {
        using var stop = new CancellationTokenSource();
        var backend = Backend(Long);
        backend.Executed = kind =>
        {
            if (kind != "claim")
                return;
            stop.Cancel();
            throw Cut();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => backend.CreateElection("e", "a").CampaignAsync(stop.Token).AsTask());
        Assert.Equal("b", (await Backend(Long).CreateElection("e", "b").CampaignAsync(_late.Token)).CandidateId);
    }

    [Fact]
    public async Task Claim_ThatArrivesAfterItsGiveBack_IsGivenBackAgain()
    {
        using var stop = new CancellationTokenSource();
        var backend = Backend(Short);
        // Its lease lives on.
        await backend.CreateElection("other", "a").CampaignAsync(_late.Token);
        var isGivenBack = false;
        backend.Executed = kind => isGivenBack |= kind == "give back";
        backend.IsHeldUp = kind =>
        {
            if (kind != "claim")
                return false;
            stop.Cancel();
            return true;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => backend.CreateElection("e", "a").CampaignAsync(stop.Token).AsTask());
        await Eventually.TrueAsync(() => isGivenBack, "the claim to be given back");
        backend.Deliver!();
        Assert.NotNull(_store.Read("e"));
        Assert.Equal("b", (await Backend(Short).CreateElection("e", "b").CampaignAsync(_late.Token)).CandidateId);
    }

    /// <summary>Found by <c>./test --races</c> on Redis: the connection was closed, and the claim executed, for nobody.</summary>
    [Fact]
    public async Task Dispose_WhileAClaimIsAboutToBeSent_WaitsForIt()
    {
        var time = new VirtualTime();
        var store = new MemoryStore(time);
        using var go = new ManualResetEventSlim();
        var isAbout = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var backend = new MemoryBackend(
            store,
            new LeaseOptions
            {
                LeaseDuration = Long,
                BeforeRequest = _ =>
                {
                    if (isAbout.TrySetResult())
                        go.Wait(_late.Token);
                    return default;
                },
            },
            time: time);
        var campaign = Task.Run(() => backend.CreateElection("e", "a").CampaignAsync(_late.Token).AsTask());
        await isAbout.Task;
        var disposal = Task.Run(() => backend.DisposeAsync().AsTask());
        await Eventually.TrueAsync(() => disposal.IsCompleted || time.Timers.Any(t => t.EndsWith(" in 2 s", StringComparison.Ordinal)), "it to wait");
        var hasWaited = !disposal.IsCompleted;
        go.Set();
        await disposal;
        Assert.True(hasWaited);
        Assert.Null(store.Read("e"));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => campaign);
    }

    [Fact]
    public async Task Renewal_ThatHangs_LeavesTimeForAnother()
    {
        var (leads, hangs) = (false, 0);
        var backend = Backend(new LeaseOptions
        {
            LeaseDuration = TimeSpan.FromSeconds(5),
            RenewInterval = TimeSpan.FromMilliseconds(100),
            BeforeRequest = async stop =>
            {
                if (Volatile.Read(ref leads) && Interlocked.Increment(ref hangs) == 1)
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
            },
        });
        var leadership = await backend.CreateElection("e", "a").CampaignAsync(_late.Token);
        Volatile.Write(ref leads, true);
        await RenewedAsync(_store.Renewals + 1);
        Assert.True(leadership.IsValid);
    }

    [Fact]
    public async Task Resignation_WhileCutOff_IsToldAndCostsALease()
    {
        var isCut = false;
        var backend = Backend(new LeaseOptions { LeaseDuration = Short, BeforeRequest = _ => Volatile.Read(ref isCut) ? throw Cut() : default });
        var leadership = await backend.CreateElection("e", "a").CampaignAsync(_late.Token);
        Volatile.Write(ref isCut, true);
        await Assert.ThrowsAsync<ElectionStoreException>(() => leadership.ResignAsync(_late.Token).AsTask());
        Assert.False(leadership.IsValid);
        Assert.Equal("b", (await Backend(Short).CreateElection("e", "b").CampaignAsync(_late.Token)).CandidateId);
    }

    [Fact]
    public async Task Seat_ThatIsDroppedWithoutBeingDisposed_IsCollected()
    {
        var backend = Backend(Long);
        var dropped = await CampaignAndDropAsync(backend);
        await Eventually.TrueAsync(
            () =>
            {
                GC.Collect();
                return !dropped.IsAlive;
            },
            "the seat to be collected");
        GC.KeepAlive(backend);
    }

    [Fact]
    public async Task Logger_ThatIsTooSlow_TellsHowManyLinesItMissed()
    {
        using var hangs = new ManualResetEventSlim();
        var lines = new LineLogger();
        var logger = QueuedLogger.Of(new HostileLogger(() => hangs.Wait(), lines));
        for (var i = 0; i < 10_005; i++)
            logger.StoreWarning("memory", $"{i}");
        hangs.Set();
        await logger.WhenIdleAsync();
        // The first line may be on its way out already.
        Assert.Matches("^[45] lines were dropped", lines.Lines.Last());
    }

    [Fact]
    public async Task Resignation_ThatNobodyHeardOf_IsFoundWithinALease()
    {
        var leader = Backend(Short);
        await leader.CreateElection("e", "a").CampaignAsync(_late.Token);
        // Its lease is renewed, and is heard of, as long as it leads something else.
        await leader.CreateElection("other", "a").CampaignAsync(_late.Token);
        var backend = Backend(Short);
        var follower = backend.CreateElection("e", "b").CampaignAsync(_late.Token).AsTask();
        await Eventually.TrueAsync(() => backend.FollowerCount == 1, "the follower to wait");
        _store.LoseEntry("e");
        Assert.Equal("b", (await follower).CandidateId);
    }

    [Fact]
    public async Task Change_ThatNobodyHeardOf_IsObservedWithinALease()
    {
        var leader = Backend(Short);
        await leader.CreateElection("e", "a").CampaignAsync(_late.Token);
        await leader.CreateElection("other", "a").CampaignAsync(_late.Token);
        await using var observer = Backend(Short).CreateElection("e", "observer").ObserveAsync(_late.Token).GetAsyncEnumerator(_late.Token);
        Assert.True(await observer.MoveNextAsync());
        Assert.Equal("a", observer.Current!.CandidateId);
        _store.LoseEntry("e");
        Assert.True(await observer.MoveNextAsync());
        Assert.Null(observer.Current);
    }

    [Fact]
    public async Task Logger_ThatThrows_EndsNothing()
    {
        var fails = 0;
        var backend = Backend(Short, new HostileLogger(() => throw new InvalidOperationException("a logger's own")));
        backend.Executed = kind =>
        {
            if (kind == "renew" && Interlocked.Exchange(ref fails, 0) == 1)
                throw Cut();
        };
        var leadership = await backend.CreateElection("e", "a").CampaignAsync(_late.Token);
        Volatile.Write(ref fails, 1);
        await RenewedAsync(4);
        Assert.True(leadership.IsValid);
        await leadership.ResignAsync(_late.Token);
        Assert.Null(_store.Read("e"));
    }

    [Fact]
    public async Task Logger_ThatHangs_EndsNothing()
    {
        using var hangs = new ManualResetEventSlim();
        var fails = 0;
        var backend = Backend(Short, new HostileLogger(() => hangs.Wait()));
        backend.Executed = kind =>
        {
            if (kind == "renew" && Interlocked.Exchange(ref fails, 0) == 1)
                throw Cut();
        };
        var campaign = Task.Run(() => backend.CreateElection("e", "a").CampaignAsync(_late.Token).AsTask());
        try
        {
            var leadership = await campaign.WaitAsync(_late.Token);
            Volatile.Write(ref fails, 1);
            await RenewedAsync(4);
            Assert.True(leadership.IsValid);
            await leadership.ResignAsync(_late.Token);
            Assert.Null(_store.Read("e"));
        }
        finally
        {
            hangs.Set();
        }
    }

    private static async Task<WeakReference> CampaignAndDropAsync(MemoryBackend backend)
    {
        var leader = await backend.CreateElection("e", "a").CampaignAsync();
        var seat = backend.CreateElection("e", "b");
        using var stop = new CancellationTokenSource();
        var campaign = seat.CampaignAsync(stop.Token).AsTask();
        await Eventually.TrueAsync(() => backend.FollowerCount == 1, "the follower to wait");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => campaign);
        await leader.ResignAsync();
        return new WeakReference(seat);
    }

    private static ElectionStoreException Cut() => new("cut off by the test", isTransient: true);

    private Task RenewedAsync(int times) => Eventually.TrueAsync(() => _store.Renewals >= times, $"{times} renewals", TimeSpan.FromSeconds(10));

    private MemoryBackend Backend(TimeSpan lease, ILogger? logger = null) => Backend(new LeaseOptions { LeaseDuration = lease }, logger);

    private MemoryBackend Backend(LeaseOptions options, ILogger? logger = null)
    {
        var backend = new MemoryBackend(_store, options, logger);
        _backends.Add(backend);
        return backend;
    }

    private sealed class HostileLogger(Action write, ILogger? then = null) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            write();
            then?.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
