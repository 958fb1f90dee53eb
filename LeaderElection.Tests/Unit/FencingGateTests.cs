namespace LeaderElection.Tests.Unit;

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
}
