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
            await WhenCancelled(lost);
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
    public async Task ResignAsync_WorkThatDoesNotStop_ReleasesWhenTheLeaseIsOver()
    {
        var leadership = Create();
        var never = new TaskCompletionSource();
        _ = leadership.RunAsync(_ => never.Task);
        var resigning = leadership.ResignAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(8));
        Assert.Empty(_story);
        _time.Advance(TimeSpan.FromSeconds(1));
        await resigning;
        Assert.Equal(["released"], _story);
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
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leadership.RunAsync(_ =>
        {
            _story.Add("ran");
            return Task.CompletedTask;
        }));
        Assert.Equal(["released"], _story);
    }

    [Fact]
    public void Constructor_TokenZero_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Leadership("e", "c", 0, _time.GetUtcNow(), _clock, _ => default));

    private static async Task WhenCancelled(CancellationToken token)
    {
        var cancelled = new TaskCompletionSource();
        using var registration = token.Register(cancelled.SetResult);
        await cancelled.Task;
    }

    private Leadership Create() => new("e", "c", 7, _time.GetUtcNow(), _clock, _ =>
    {
        _story.Add("released");
        return ValueTask.CompletedTask;
    });
}
