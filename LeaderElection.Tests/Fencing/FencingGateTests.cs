namespace LeaderElection.Tests.Fencing;

public sealed class FencingGateTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void TryEnter_ZeroOrNegative_IsRefused(long token) => Assert.False(new FencingGate().TryEnter(token));

    [Fact]
    public void TryEnter_LowerThanSeen_IsRefused()
    {
        var gate = new FencingGate(highest: 5);
        Assert.False(gate.TryEnter(4));
        Assert.True(gate.TryEnter(5));
        Assert.True(gate.TryEnter(9));
        Assert.False(gate.TryEnter(5));
        Assert.Equal(9, gate.Highest);
    }

    [Fact]
    public void TryEnter_WriteThatThrows_StillCountsAsSeen()
    {
        var gate = new FencingGate();
        Assert.Throws<InvalidOperationException>(() => gate.TryEnter(3, () => throw new InvalidOperationException()));
        Assert.False(gate.TryEnter(2));
    }

    [Fact]
    public void Constructor_Negative_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => new FencingGate(-1));

    [Fact]
    public void TryEnter_ManyThreads_WritesNeverGoBack()
    {
        var gate = new FencingGate();
        var written = new List<long>();
        Parallel.For(0, 4, writer =>
        {
            for (var i = 1; i <= 2000; i++)
            {
                var token = (long)i;
                gate.TryEnter(token, () => written.Add(token));
            }
        });
        Assert.Equal(written.Order(), written);
        Assert.Equal(2000, gate.Highest);
    }

    [Fact]
    public async Task TryEnterAsync_UnderOneToken_WritesSideBySide()
    {
        var gate = new FencingGate();
        var first = new TaskCompletionSource();
        var writing = gate.TryEnterAsync(1, async () => await first.Task).AsTask();
        Assert.True(await gate.TryEnterAsync(1, () => default));
        Assert.False(writing.IsCompleted);
        first.SetResult();
        Assert.True(await writing);
    }

    [Fact]
    public async Task TryEnterAsync_HigherToken_WaitsForTheLowerWriteAndShutsOutTheNext()
    {
        var gate = new FencingGate();
        var old = new TaskCompletionSource();
        var log = new List<string>();
        var first = gate.TryEnterAsync(1, async () =>
        {
            await old.Task;
            log.Add("old");
        }).AsTask();
        var second = gate.TryEnterAsync(2, () =>
        {
            log.Add("new");
            return default;
        }).AsTask();
        Assert.False(second.IsCompleted);
        Assert.False(await gate.TryEnterAsync(1, () => default));
        old.SetResult();
        Assert.True(await first);
        Assert.True(await second);
        Assert.Equal(["old", "new"], log);
    }

    [Fact]
    public async Task TryEnterAsync_StillHigherTokenComesMeanwhile_IsRefusedAfterTheWait()
    {
        var gate = new FencingGate();
        var old = new TaskCompletionSource();
        var first = gate.TryEnterAsync(1, async () => await old.Task).AsTask();
        var second = gate.TryEnterAsync(2, () => throw new InvalidOperationException("too late")).AsTask();
        var third = gate.TryEnterAsync(3, () => default).AsTask();
        old.SetResult();
        Assert.True(await first);
        Assert.False(await second);
        Assert.True(await third);
    }

    [Fact]
    public async Task TryEnterAsync_CalledOffWhileWaiting_DoesNotWrite()
    {
        var gate = new FencingGate();
        var old = new TaskCompletionSource();
        var first = gate.TryEnterAsync(1, async () => await old.Task).AsTask();
        using var stop = new CancellationTokenSource();
        var second = gate.TryEnterAsync(2, () => throw new InvalidOperationException("called off"), stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        old.SetResult();
        Assert.True(await first);
        Assert.Equal(2, gate.Highest);
    }

    [Fact]
    public async Task TryEnter_WhileAnAsynchronousWriteRuns_WaitsForIt()
    {
        var gate = new FencingGate();
        var old = new TaskCompletionSource();
        var log = new List<string>();
        var first = gate.TryEnterAsync(1, async () =>
        {
            await old.Task;
            log.Add("old");
        }).AsTask();
        var second = Task.Run(() => gate.TryEnter(2, () => log.Add("new")));
        while (gate.Highest < 2)
            await Task.Yield();
        old.SetResult();
        Assert.True(await first);
        Assert.True(await second);
        Assert.Equal(["old", "new"], log);
    }
}
