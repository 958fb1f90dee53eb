using LeaderElection.FileSystem;
using LeaderElection.Leases;
using LeaderElection.Redis;

namespace LeaderElection.Tests.Unit;

public sealed class LeaseOptionsTests
{
    [Fact]
    public void Validate_Defaults_AreFine() => Assert.Empty(new LeaseOptions().Validate());

    [Theory]
    [InlineData(0.2)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(86400)]
    public void Validate_AnyLeaseWithDerivedTimes_IsFine(double seconds) =>
        Assert.Empty(new LeaseOptions { LeaseDuration = TimeSpan.FromSeconds(seconds) }.Validate());

    [Theory]
    [InlineData(0.1)]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(90000)]
    public void Validate_LeaseOutOfRange_NamesOptionValueAndRule(double seconds)
    {
        var problem = Assert.Single(new LeaseOptions { LeaseDuration = TimeSpan.FromSeconds(seconds) }.Validate());
        Assert.StartsWith("LeaseDuration is", problem);
        Assert.Contains("200 ms to 1 day", problem);
    }

    [Fact]
    public void Validate_RenewalTooRareForTheLease_IsRefused()
    {
        var options = new LeaseOptions { LeaseDuration = TimeSpan.FromSeconds(10), RenewInterval = TimeSpan.FromSeconds(9), SafetyMargin = TimeSpan.FromSeconds(1) };
        var problem = Assert.Single(options.Validate());
        Assert.Contains("RenewInterval (9 s) + SafetyMargin (1 s) must be less than", problem);
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(0.5)]
    [InlineData(double.NaN)]
    public void Validate_DriftOutOfRange_IsRefused(double drift) =>
        Assert.Contains("ClockDrift", Assert.Single(new LeaseOptions { ClockDrift = drift }.Validate()));

    [Fact]
    public void Validate_SeveralProblems_NamesAll()
    {
        var options = new LeaseOptions { RenewInterval = TimeSpan.Zero, RetryPeriod = TimeSpan.FromHours(1), SafetyMargin = TimeSpan.FromSeconds(-1) };
        Assert.Equal(3, options.Validate().Count());
    }

    [Fact]
    public void Constructor_BadOptions_ThrowsWithAllProblems()
    {
        var error = Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(
            () => new RedisElectionBackend(new RedisElectionOptions { KeyPrefix = "a b", LeaseDuration = TimeSpan.Zero }));
        Assert.Contains("ConnectionString is empty", error.Message);
        Assert.Contains("KeyPrefix is 'a b'", error.Message);
        Assert.Contains("LeaseDuration", error.Message);
        Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(() => new FileElectionBackend(new FileElectionOptions()));
    }

    [Fact]
    public void Constructor_ConnectionStringThatCannotBeRead_DoesNotRepeatIt()
    {
        var error = Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(
            () => new RedisElectionBackend(new RedisElectionOptions { ConnectionString = "host:1,password=secret,connectTimeout=oops" }));
        Assert.DoesNotContain("secret", error.ToString());
    }
}
