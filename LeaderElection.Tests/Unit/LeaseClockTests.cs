using LeaderElection.Leases;

namespace LeaderElection.Tests.Unit;

public sealed class LeaseClockTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(10);
    private readonly VirtualTime _time = new();

    // 10 s × (1 − 0.01) − 0.5 s
    private static readonly TimeSpan Validity = TimeSpan.FromSeconds(9.4);

    [Fact]
    public void IsValid_BeforeFirstConfirmation_IsFalse()
    {
        using var clock = Create();
        Assert.False(clock.IsValid);
        Assert.False(clock.IsConfirmed);
        Assert.False(clock.Lost.IsCancellationRequested);
    }

    [Fact]
    public void Remaining_RunsFromTheMomentBeforeTheRequestWasSent()
    {
        using var clock = Create();
        var sent = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.True(clock.Confirm(sent));
        Assert.Equal(Validity - TimeSpan.FromSeconds(3), clock.Remaining);
    }

    [Fact]
    public void Lost_FiresAtTheDeadlineAndNotBefore()
    {
        using var clock = Create();
        clock.Confirm(_time.GetTimestamp());
        _time.Advance(Validity - TimeSpan.FromMilliseconds(1));
        Assert.False(clock.Lost.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(clock.Lost.IsCancellationRequested);
        Assert.Equal(TimeSpan.Zero, clock.Remaining);
    }

    [Fact]
    public void Confirm_Again_MovesTheDeadline()
    {
        using var clock = Create();
        clock.Confirm(_time.GetTimestamp());
        for (var i = 0; i < 10; i++)
        {
            _time.Advance(Validity - TimeSpan.FromMilliseconds(1));
            Assert.True(clock.Confirm(_time.GetTimestamp()));
        }
        _time.Advance(Validity - TimeSpan.FromMilliseconds(1));
        Assert.True(clock.IsValid);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(clock.Lost.IsCancellationRequested);
    }

    [Fact]
    public void Confirm_WithAnOlderRequest_NeverMovesTheDeadlineBack()
    {
        using var clock = Create();
        var old = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(2));
        clock.Confirm(_time.GetTimestamp());
        Assert.True(clock.Confirm(old));
        Assert.Equal(Validity, clock.Remaining);
    }

    [Fact]
    public void Confirm_AfterTheDeadline_DoesNotReviveTheLease()
    {
        using var clock = Create();
        clock.Confirm(_time.GetTimestamp());
        _time.Advance(Validity);
        Assert.False(clock.Confirm(_time.GetTimestamp()));
        Assert.False(clock.IsValid);
    }

    [Fact]
    public void Confirm_WhoseReplyTookLongerThanTheLease_IsNotBelieved()
    {
        using var clock = Create();
        var sent = _time.GetTimestamp();
        _time.Advance(Validity);
        Assert.False(clock.Confirm(sent));
        Assert.True(clock.Lost.IsCancellationRequested);
    }

    [Fact]
    public void IsValid_AfterAFreezeInWhichNoTimerFired_IsFalseAtOnce()
    {
        using var clock = Create();
        clock.Confirm(_time.GetTimestamp());
        _time.AdvanceFrozen(TimeSpan.FromSeconds(60));
        Assert.False(clock.IsValid);
        Assert.True(clock.Lost.IsCancellationRequested, "whoever looks first fires it");
    }

    [Fact]
    public void Confirm_AfterAFreezeThroughTheDeadline_IsRefused()
    {
        using var clock = Create();
        clock.Confirm(_time.GetTimestamp());
        var sent = _time.GetTimestamp();
        _time.AdvanceFrozen(TimeSpan.FromSeconds(60));
        Assert.False(clock.Confirm(sent));
        Assert.False(clock.Confirm(_time.GetTimestamp()));
    }

    [Fact]
    public void Revoke_EndsAtOnceAndForGood()
    {
        using var clock = Create();
        clock.Confirm(_time.GetTimestamp());
        clock.Revoke();
        Assert.True(clock.Lost.IsCancellationRequested);
        Assert.False(clock.Confirm(_time.GetTimestamp()));
        Assert.Equal(0, _time.TimerCount);
    }

    [Fact]
    public void Revoke_BeforeTheDeadline_LeavesNothingToBelieve_ThoughNobodyElseMayLeadYet()
    {
        using var clock = Create();
        Assert.Equal(TimeSpan.Zero, clock.UntilDeadline);
        clock.Confirm(_time.GetTimestamp());
        _time.Advance(TimeSpan.FromSeconds(3));
        clock.Revoke();
        Assert.Equal(TimeSpan.Zero, clock.Remaining);
        Assert.False(clock.IsValid);
        Assert.Equal(Validity - TimeSpan.FromSeconds(3), clock.UntilDeadline);
        _time.Advance(Validity);
        Assert.Equal(TimeSpan.Zero, clock.UntilDeadline);
    }

    [Fact]
    public void Confirm_OfARequestThatIsTooOld_ChangesNothingWhileALaterOneHolds()
    {
        using var clock = Create();
        var old = _time.GetTimestamp();
        clock.Confirm(old);
        _time.Advance(TimeSpan.FromSeconds(5));
        clock.Confirm(_time.GetTimestamp());
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(clock.Confirm(old));
        Assert.Equal(Validity - TimeSpan.FromSeconds(5), clock.Remaining);
    }

    [Fact]
    public void HasEnded_ReadsTheClock()
    {
        using var clock = Create();
        Assert.False(clock.HasEnded);
        clock.Confirm(_time.GetTimestamp());
        Assert.False(clock.HasEnded);
        Assert.Equal(Validity, clock.Judge());
        _time.AdvanceFrozen(Validity);
        Assert.True(clock.HasEnded);
        Assert.True(clock.Lost.IsCancellationRequested);
    }

    [Fact]
    public void Constructor_NoTime_IsRefused() =>
        Assert.Throws<ArgumentNullException>(() => new LeaseClock(null!, Duration, 0, TimeSpan.Zero));

    [Fact]
    public void Constructor_MarginThatEatsTheLease_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LeaseClock(_time, Duration, 0, Duration));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Confirm_InAnyOrderAndWithAnyDelay_NeverBelievesPastTheStore(int seed)
    {
        // The store lets another in when its own clock, fast by the drift, has counted the duration from the moment it
        // received the last renewal, which is never before that was sent.
        var random = new Random(seed);
        for (var run = 0; run < 200; run++)
        {
            var time = new VirtualTime();
            using var clock = new LeaseClock(time, Duration, 0.01, TimeSpan.FromSeconds(0.5));
            var storeEnd = TimeSpan.Zero;
            for (var i = 0; i < 20; i++)
            {
                var sent = time.GetTimestamp();
                Step(time, random, 4000);
                storeEnd = TimeSpan.FromTicks(Math.Max(storeEnd.Ticks, time.GetTimestamp() + (Duration * (1 - 0.01)).Ticks));
                Step(time, random, 9000);
                clock.Confirm(sent);
                Assert.False(clock.IsValid && time.GetTimestamp() >= storeEnd.Ticks);
                if (time.GetTimestamp() >= storeEnd.Ticks)
                    break;
            }
        }
    }

    private static void Step(VirtualTime time, Random random, int milliseconds)
    {
        var span = TimeSpan.FromMilliseconds(random.Next(milliseconds));
        if (random.Next(2) == 0)
            time.Advance(span);
        else
            time.AdvanceFrozen(span);
    }

    private LeaseClock Create() => new(_time, Duration, 0.01, TimeSpan.FromSeconds(0.5));
}
