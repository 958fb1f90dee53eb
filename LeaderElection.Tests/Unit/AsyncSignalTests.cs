using LeaderElection.Leases;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Unit;

public sealed class AsyncSignalTests
{
    private readonly VirtualTime _time = new();
    private readonly AsyncSignal _signal = new();

    [Fact]
    public async Task Set_WhileSomebodyWaits_WakesIt()
    {
        var waiting = WaitAsync(Timeout.InfiniteTimeSpan);
        Assert.False(waiting.IsCompleted);
        _signal.Set();
        await waiting;
    }

    [Fact]
    public async Task Set_BeforeTheWait_IsKept()
    {
        _signal.Set();
        await WaitAsync(Timeout.InfiniteTimeSpan);
        Assert.False(WaitAsync(Timeout.InfiniteTimeSpan).IsCompleted);
    }

    [Fact]
    public async Task Set_AfterAWaitThatRanOut_IsKeptForTheNext()
    {
        var first = WaitAsync(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        await first;
        _signal.Set();
        await WaitAsync(Timeout.InfiniteTimeSpan);
    }

    [Fact]
    public async Task Set_AfterAWaitThatWasCalledOff_IsKeptForTheNext()
    {
        using var stop = new CancellationTokenSource();
        var first = _signal.WaitAsync(Timeout.InfiniteTimeSpan, _time, stop.Token).AsTask();
        await stop.CancelAsync();
        await first.WaitAsync(Eventually.Limit, TimeProvider.System);
        _signal.Set();
        await WaitAsync(Timeout.InfiniteTimeSpan);
    }

    private Task WaitAsync(TimeSpan limit) =>
        _signal.WaitAsync(limit, _time, CancellationToken.None).AsTask().WaitAsync(Eventually.Limit, TimeProvider.System);
}
