using LeaderElection.Strategies;

namespace LeaderElection.Tests.Worker;

public sealed class DurationsTests
{
    [Theory]
    [InlineData("15s", 15_000)]
    [InlineData("500ms", 500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("00:00:15", 15_000)]
    [InlineData(" 3s ", 3_000)]
    [InlineData("-1s", -1_000)]
    public void TryParse_Duration_IsRead(string text, double milliseconds)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), duration);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("15")]
    [InlineData("s")]
    [InlineData("15 parsecs")]
    [InlineData("1e400s")]
    [InlineData("NaNs")]
    [InlineData("99999999999h")]
    [InlineData("1,5s")]
    [InlineData("99999.00:00:00")]
    public void TryParse_AnythingElse_IsRefused(string? text) => Assert.False(Durations.TryParse(text, out _));
}
