using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Tests.Unit;

public sealed class SessionEvidenceTests
{
    private static readonly TimeSpan Session = TimeSpan.FromSeconds(12);

    private readonly VirtualTime _time = new();
    private readonly SessionEvidence _evidence;

    public SessionEvidenceTests() => _evidence = new SessionEvidence(_time);

    [Fact]
    public void Proven_BeforeAnything_IsNone()
    {
        Assert.Null(_evidence.Proven);
        Assert.Null(_evidence.Provable);
    }

    [Fact]
    public void Handshake_ProvesItsSendTime()
    {
        _evidence.Handshake(At(1), At(1), Session);
        Assert.Equal(At(1), _evidence.Proven);
        Assert.Equal(At(1), _evidence.Provable);
    }

    [Fact]
    public void Answered_Pings_ProveNothing()
    {
        _evidence.Handshake(At(0), At(0), Session);
        for (var second = 1; second < 60; second++)
            _evidence.Answered(At(second), At(second));
        Assert.Equal(At(0), _evidence.Proven);
    }

    [Fact]
    public void LeaderAnswered_ProvesTheLatestSignOfLifeAQuarterOfTheSessionBefore()
    {
        _evidence.Handshake(At(0), At(0), Session);
        _evidence.Answered(At(4), At(4));
        _evidence.Answered(At(8), At(8));
        // The sign of life at 8 may not have been reported yet at 10.
        _evidence.LeaderAnswered(At(10), At(10));
        Assert.Equal(At(4), _evidence.Proven);
        _evidence.LeaderAnswered(At(11), At(11));
        Assert.Equal(At(8), _evidence.Proven);
    }

    [Fact]
    public void LeaderAnswered_IsASignOfLifeItself()
    {
        _evidence.Handshake(At(0), At(0), Session);
        _evidence.LeaderAnswered(At(4), At(4));
        _evidence.LeaderAnswered(At(8), At(8));
        Assert.Equal(At(4), _evidence.Proven);
    }

    [Fact]
    public void LeaderAnswered_SignOfLifeThatWaitedBeforeAServerThatHung_CountsFromItsAnswer()
    {
        _evidence.Handshake(At(0), At(0), Session);
        // Received no earlier than at 8.9, reported perhaps after the sync that was sent at 9: the leader may have expired the session meanwhile.
        _evidence.Answered(At(4), At(8.9));
        _evidence.LeaderAnswered(At(9), At(9));
        Assert.Equal(At(0), _evidence.Proven);
        _evidence.LeaderAnswered(At(11.95), At(11.95));
        Assert.Equal(At(4), _evidence.Proven);
    }

    [Fact]
    public void Provable_OfASignOfLifeThatWaited_CountsFromItsAnswer()
    {
        _evidence.Handshake(At(0), At(0), Session);
        _evidence.Answered(At(4), At(8.9));
        _evidence.Answered(At(9), At(9));
        Assert.Equal(At(0), _evidence.Provable);
        _evidence.Answered(At(11.95), At(11.95));
        Assert.Equal(At(4), _evidence.Provable);
    }

    [Fact]
    public void LeaderAnswered_OutOfOrder_ProvesNothingLess()
    {
        _evidence.Handshake(At(0), At(0), Session);
        _evidence.Answered(At(4), At(4));
        _evidence.LeaderAnswered(At(9), At(9));
        _evidence.LeaderAnswered(At(8), At(8));
        Assert.Equal(At(4), _evidence.Proven);
    }

    [Fact]
    public void Handshake_WithAnotherServer_ForgetsWhatTheFirstWasTold()
    {
        _evidence.Handshake(At(0), At(0), Session);
        _evidence.Answered(At(5), At(5));
        _evidence.Handshake(At(4), At(4), Session);
        _evidence.LeaderAnswered(At(20), At(20));
        Assert.Equal(At(4), _evidence.Proven);
    }

    [Fact]
    public void Provable_IsWhatTheNextLeaderAnswerProves()
    {
        var random = new Random(3);
        _evidence.Handshake(At(0), At(0), Session);
        var now = 0.0;
        for (var i = 0; i < 2000; i++)
        {
            now += random.NextDouble() * 5;
            _evidence.Answered(At(now), At(now));
            if (random.Next(4) != 0)
                continue;
            var provable = _evidence.Provable;
            now += random.NextDouble() / 10;
            _evidence.LeaderAnswered(At(now), At(now));
            Assert.True(_evidence.Proven >= provable);
            Assert.True(_evidence.Proven <= At(now - 3));
        }
    }

    private static long At(double second) => TimeSpan.FromSeconds(second).Ticks;
}
