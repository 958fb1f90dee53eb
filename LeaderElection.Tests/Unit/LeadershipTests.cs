using System.Diagnostics;
using System.Runtime.CompilerServices;
using LeaderElection.Leases;

namespace LeaderElection.Tests.Unit;

public sealed class LeadershipTests : IDisposable
{
    private readonly VirtualTime _time = new();
    private readonly LeaseClock _clock;
    private readonly List<string> _story = [];

    public LeadershipTests()
    {
        _clock = new LeaseClock(_time, TimeSpan.FromSeconds(10), 0, TimeSpan.FromSeconds(1));
        _clock.Confirm(_time.GetTimestamp());
    }

    public void Dispose() => _clock.Dispose();

    [Fact]
    public async Task ResignAsync_CancelsThenWaitsForTheWorkThenReleases()
    {
        var leadership = Create();
        var letGo = new TaskCompletionSource();
        var work = leadership.RunAsync(async lost =>
        {
            await WhenCancelledAsync(lost);
            _story.Add("told");
            await letGo.Task;
            _story.Add("stopped");
        });
        var resigning = leadership.ResignAsync().AsTask();
        Assert.True(leadership.Lost.IsCancellationRequested);
        Assert.False(leadership.IsValid);
        letGo.SetResult();
        await resigning;
        await work;
        Assert.Equal(["told", "stopped", "released"], _story);
    }

    [Fact]
    public async Task ResignAsync_WorkThatDoesNotStop_ReleasesWhenItsTimeIsOverAndSaysSo()
    {
        var leadership = Create();
        leadership.StillWorks = _ => _story.Add("goes on");
        var never = new TaskCompletionSource();
        _ = leadership.RunAsync(_ => never.Task);
        var resigning = leadership.ResignAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Empty(_story);
        _time.Advance(TimeSpan.FromSeconds(1));
        await resigning;
        Assert.Equal(["goes on", "released"], _story);
    }

    [Fact]
    public async Task ResignAsync_FromWithinTheWork_ReleasesAfterTheWorkHasReturned()
    {
        var leadership = Create();
        await leadership.RunAsync(async _ =>
        {
            await leadership.ResignAsync();
            _story.Add("work goes on");
        });
        await leadership.ResignAsync();
        Assert.Equal(["work goes on", "released"], _story);
    }

    [Fact]
    public async Task ResignAsync_Twice_ReleasesOnce()
    {
        var leadership = Create();
        await leadership.ResignAsync();
        await leadership.DisposeAsync();
        Assert.Equal(["released"], _story);
        Assert.Equal(LeadershipEnd.Resigned, leadership.EndReason);
    }

    [Fact]
    public async Task ResignAsync_AfterTheLeaseRanOut_ReleasesNothing()
    {
        var leadership = Create();
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(LeadershipEnd.LeaseRanOut, leadership.EndReason);
        await leadership.ResignAsync();
        Assert.Empty(_story);
    }

    [Fact]
    public async Task ResignAsync_StoreOutOfReach_Throws()
    {
        var leadership = new Leadership("e", "c", 1, _time.GetUtcNow(), _clock, _ => throw new ElectionStoreException("gone", isTransient: true));
        await Assert.ThrowsAsync<ElectionStoreException>(() => leadership.ResignAsync().AsTask());
        await leadership.DisposeAsync();
    }

    [Fact]
    public void Lost_FiresForAllLeadershipsOfALease_ThoughOneCallbackBlocks()
    {
        var blocked = new ManualResetEventSlim();
        var first = Create();
        first.Lost.Register(blocked.Wait);
        var second = Create();
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.True(first.Lost.IsCancellationRequested);
        Assert.True(second.Lost.IsCancellationRequested);
        blocked.Set();
    }

    [Fact]
    public void Lost_OfAllLeaderships_IsCancelledBeforeAnythingElseIsDone()
    {
        using var done = new CountdownEvent(3);
        Leadership[] leaderships = [Create(), Create(), Create()];
        var early = 0;
        foreach (var leadership in leaderships)
        {
            leadership.WhenEnded((_, _) =>
            {
                if (!Array.TrueForAll(leaderships, l => l.Lost.IsCancellationRequested))
                    Interlocked.Increment(ref early);
                done.Signal();
            });
        }
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.True(done.Wait(Processes.Eventually.Limit));
        Assert.Equal(0, early);
    }

    [Fact]
    public void WhenEnded_HandlerThrows_NeitherTheReaderNorTheTimerSeesIt()
    {
        var (first, second) = (Create(), Create());
        first.WhenEnded((_, _) => throw new InvalidOperationException("a subscriber's own"));
        second.WhenEnded((_, _) => throw new InvalidOperationException("a subscriber's own"));
        _time.AdvanceFrozen(TimeSpan.FromMinutes(1));
        Assert.False(first.IsValid);
        Assert.True(first.Lost.IsCancellationRequested && second.Lost.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task WhenEnded_HandlerThrows_AResignationIsFinishedAllTheSame()
    {
        var leadership = Create();
        leadership.WhenEnded((_, _) => throw new InvalidOperationException("a subscriber's own"));
        await leadership.ResignAsync();
        Assert.Equal(["released"], _story);
    }

    [Fact]
    public async Task ResignAsync_OfAnOuterLeadershipWithinTheWorkOfAnInner_DoesNotWaitForItself()
    {
        var (outer, inner) = (Create(), Create());
        var work = outer.RunAsync(_ => inner.RunAsync(async _ => await outer.ResignAsync()));
        await work.WaitAsync(Processes.Eventually.Limit, TimeProvider.System);
        Assert.Null(Leadership.Current);
    }

    [Fact]
    public async Task ResignAsync_WorkThatOutlastsTheLease_KeepsTheElectionWhileItIsRenewed()
    {
        var leadership = Create();
        var letGo = new TaskCompletionSource();
        var work = leadership.RunAsync(_ => letGo.Task);
        var resigning = leadership.ResignAsync().AsTask();
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(4));
            Assert.True(_clock.Confirm(_time.GetTimestamp()));
        }
        Assert.Empty(_story);
        letGo.SetResult();
        await resigning;
        await work;
        Assert.Equal(["released"], _story);
    }

    [Fact]
    public void IsValid_AfterAFreeze_IsFalseThoughNoTimerFired()
    {
        var leadership = Create();
        _time.AdvanceFrozen(TimeSpan.FromMinutes(1));
        Assert.False(leadership.IsValid);
        Assert.True(leadership.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task RunAsync_AfterTheEnd_DoesNotRun()
    {
        var leadership = Create();
        await leadership.ResignAsync();
        var refused = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leadership.RunAsync(_ =>
        {
            _story.Add("ran");
            return Task.CompletedTask;
        }));
        Assert.Equal("Leadership of 'e' has ended: Resigned.", refused.Message);
        Assert.Equal(["released"], _story);
    }

    [Fact]
    public void Constructor_TokenZero_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Leadership("e", "c", 0, _time.GetUtcNow(), _clock, _ => default));

    [Fact]
    public async Task Nothing_WhereSomethingIsNeeded_IsRefused()
    {
        Assert.Throws<ArgumentNullException>(() => new Leadership("e", "c", 1, _time.GetUtcNow(), null!, _ => default));
        Assert.Throws<ArgumentNullException>(() => new Leadership("e", "c", 1, _time.GetUtcNow(), _clock, null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => Create().RunAsync(null!));
    }

    [Fact]
    public void Constructor_LeaseThatHasEnded_IsLostFromTheStart()
    {
        _clock.Revoke();
        var leadership = Create();
        Assert.Equal(LeadershipEnd.LeaseRanOut, leadership.EndReason);
        Assert.True(leadership.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task LeaseRemaining_IsThatOfTheLease_AndNothingAfterTheEnd()
    {
        var (leadership, other) = (Create(), Create());
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(7), leadership.LeaseRemaining);
        await leadership.ResignAsync();
        Assert.Equal(TimeSpan.Zero, leadership.LeaseRemaining);
        Assert.Equal(TimeSpan.FromSeconds(7), other.LeaseRemaining);
    }

    [Fact]
    public void TraceContext_IsThatOfTheActivityThatTold()
    {
        var leadership = Create();
        Assert.Equal(default, leadership.TraceContext);
        using var told = new Activity("became leader").Start();
        leadership.Told = told;
        Assert.NotEqual(default, told.Context);
        Assert.Equal(told.Context, leadership.TraceContext);
    }

    [Fact]
    public async Task WhenEnded_IsCalledAtTheEnd_AndAtOnceAfterIt()
    {
        var leadership = Create();
        var (before, after) = (new TaskCompletionSource<LeadershipEnd>(), new TaskCompletionSource<LeadershipEnd>());
        leadership.WhenEnded((_, reason) => before.SetResult(reason));
        // Time for a call that comes too early.
        for (var i = 0; i < 20; i++)
            await Task.Run(static () => { });
        Assert.False(before.Task.IsCompleted);
        await leadership.ResignAsync();
        Assert.Equal(LeadershipEnd.Resigned, await before.Task.WaitAsync(Processes.Eventually.Limit, TimeProvider.System));
        leadership.WhenEnded((_, reason) => after.SetResult(reason));
        Assert.Equal(LeadershipEnd.Resigned, await after.Task.WaitAsync(Processes.Eventually.Limit, TimeProvider.System));
    }

    [Fact]
    public async Task End_TellsOnce_AndOnlyTheFirstCallEndsIt()
    {
        var leadership = Create();
        var told = new TaskCompletionSource<LeadershipEnd>();
        leadership.WhenEnded((_, reason) => told.SetResult(reason));
        Assert.True(leadership.End(LeadershipEnd.LeaseRanOut));
        Assert.False(leadership.End(LeadershipEnd.Resigned));
        Assert.Equal(LeadershipEnd.LeaseRanOut, leadership.EndReason);
        Assert.Equal(LeadershipEnd.LeaseRanOut, await told.Task.WaitAsync(Processes.Eventually.Limit, TimeProvider.System));
    }

    [Fact]
    public async Task ResignAsync_WithADrainTimeoutOfItsOwn_ReleasesWhenThatIsOver()
    {
        var leadership = Create(TimeSpan.FromSeconds(5));
        _ = leadership.RunAsync(_ => new TaskCompletionSource().Task);
        var resigning = leadership.ResignAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Empty(_story);
        _time.Advance(TimeSpan.FromSeconds(1));
        await resigning.WaitAsync(Processes.Eventually.Limit, TimeProvider.System);
        Assert.Equal(["released"], _story);
    }

    [Fact]
    public async Task ResignAsync_WithoutWork_SaysNothingOfWork()
    {
        var leadership = Create();
        leadership.StillWorks = _ => _story.Add("goes on");
        await leadership.ResignAsync();
        Assert.Equal(["released"], _story);
    }

    [Fact]
    public async Task ResignAsync_SeveralWorks_WaitsForAll()
    {
        var leadership = Create();
        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        Task[] work = [leadership.RunAsync(_ => first.Task), leadership.RunAsync(_ => second.Task)];
        var resigning = leadership.ResignAsync().AsTask();
        second.SetResult();
        await work[1];
        Assert.Empty(_story);
        Assert.False(resigning.IsCompleted);
        first.SetResult();
        await resigning;
        Assert.Equal(["released"], _story);
    }

    [Fact]
    public async Task DisposeAsync_ReturnsWhenItIsGivenBack()
    {
        var leadership = Create();
        var letGo = new TaskCompletionSource();
        var work = leadership.RunAsync(_ => letGo.Task);
        var disposing = leadership.DisposeAsync().AsTask();
        Assert.True(leadership.Lost.IsCancellationRequested);
        Assert.False(disposing.IsCompleted);
        letGo.SetResult();
        await disposing;
        await work;
        Assert.Equal(["released"], _story);
    }

    [Fact]
    public async Task ResignAllAsync_TellsAllBeforeAnyIsGivenBack_AndWaitsForAll()
    {
        Leadership[] leaderships = [Create(), Create()];
        var letGo = new TaskCompletionSource();
        Task[] work = [.. leaderships.Select(leadership => leadership.RunAsync(_ => letGo.Task))];
        var resigning = Leadership.ResignAllAsync(leaderships);
        Assert.All(leaderships, leadership => Assert.True(leadership.Lost.IsCancellationRequested));
        Assert.False(resigning.IsCompleted);
        letGo.SetResult();
        await resigning;
        await Task.WhenAll(work);
        Assert.Equal(["released", "released"], _story);
    }

    [Fact]
    public void End_ForALeaseThatGoesOn_KeepsNothingOfIt()
    {
        var ended = Lead();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.False(ended.TryGetTarget(out _));
        Assert.True(_clock.IsValid);

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference<Leadership> Lead()
        {
            var leadership = Create();
            leadership.End(LeadershipEnd.Resigned);
            return new(leadership);
        }
    }

    private static async Task WhenCancelledAsync(CancellationToken token)
    {
        var cancelled = new TaskCompletionSource();
        await using var registration = token.Register(cancelled.SetResult);
        await cancelled.Task;
    }

    private Leadership Create(TimeSpan? drainTimeout = null) => new(
        "e", "c", 7, _time.GetUtcNow(), _clock,
        _ =>
        {
            lock (_story) _story.Add("released");
            return ValueTask.CompletedTask;
        },
        drainTimeout);
}
