using System.Text;
using LeaderElection.AppHost;
using LeaderElection.Board.Candidates;
using LeaderElection.Etcd;
using LeaderElection.Etcd.Protocol;
using LeaderElection.FileSystem;
using LeaderElection.Leases;
using LeaderElection.Reports;
using LeaderElection.ZooKeeper;
using LeaderElection.ZooKeeper.Client;
using LeaderElection.ZooKeeper.Nodes;
using WorkerDurations = LeaderElection.Strategies.Durations;

namespace LeaderElection.Tests.Fuzz;

/// <summary>What the fuzzer, and reading for it, has found, each by hand.</summary>
public sealed class FoundTests
{
    [Fact]
    public void Duration_AsFarBackAsThereIs_IsRefused() => Assert.False(WorkerDurations.TryParse("-10675199.02:48:05.4775808", out _));

    [Fact]
    public void Options_WithTheLongestTimesThereAre_AreRefused()
    {
        var options = new FileElectionOptions { Directory = "locks", RenewInterval = TimeSpan.MaxValue, SafetyMargin = TimeSpan.MaxValue };
        Assert.Contains(options.Validate(), p => p.Contains("must be less than LeaseDuration", StringComparison.Ordinal));
        (options.RenewInterval, options.SafetyMargin) = (TimeSpan.MinValue, TimeSpan.MinValue);
        Assert.Contains(options.Validate(), p => p.Contains("must not be negative", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("leader-election 1")]
    [InlineData("leader-election 1 released 9223372036854775807")]
    [InlineData("leader-election 1 released 0")]
    [InlineData("leader-election 1 released 007")]
    public void LeaseFile_WithAChecksumThatIsRight_AndContentThatIsNot_IsRefused(string body) =>
        Assert.Throws<FormatException>(() => LeaseFile.Parse(Encoding.UTF8.GetBytes($"{body} {LeaseFile.Checksum(body)}\n")));

    [Fact]
    public void AliveFile_WithSomethingBehindIt_IsRefused() => Assert.Null(AliveFile.Parse([.. AliveFile.ToBytes(1, 2), (byte)'\n']));

    [Fact]
    public void Queue_OfNumbersAllAroundTheCircle_IsSortedAllTheSame()
    {
        string[] children = [.. Enumerable.Range(0, 100).Select(i => $"node_{unchecked(i * 1_700_000_011)}")];
        Assert.Equal(children.Order(), new OwnNaming().Queue(children).Order());
        Assert.Equal(["node_2147483646", "node_2147483647", "node_-2147483648"], new OwnNaming().Queue(["node_-2147483648", "node_2147483647", "node_2147483646"]));
    }

    [Theory]
    [InlineData("user:secret@localhost:2181")]
    [InlineData("localhost:2181,password=secret")]
    public void ZooKeeperAddress_WithAPasswordInIt_IsRefusedWithoutIt(string connectionString)
    {
        Assert.Throws<FormatException>(() => ConnectString.Parse(connectionString));
        var problem = Assert.Single(new ZooKeeperElectionOptions { ConnectionString = connectionString }.Validate());
        Assert.DoesNotContain("secret", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void ZooKeeperUser_WithAPasswordInIt_IsRefusedWithoutIt() => Assert.DoesNotContain(
        new ZooKeeperElectionOptions { ConnectionString = "localhost", UserName = "elector:secret", Password = "x" }.Validate(),
        p => p.Contains("secret", StringComparison.Ordinal));

    [Theory]
    [InlineData("<html>")]
    [InlineData("\u001a\u007f")]
    [InlineData("\u001a\u0003\n\u0005a")]
    public void EtcdReply_ThatIsNone_IsAFailureOfTheEndpoint(string bytes)
    {
        var failure = Assert.Throws<EtcdFailure>(() => EtcdInput.Read(Encoding.UTF8.GetBytes(bytes), TxnResponse.Read));
        Assert.True(failure is { IsOfEndpoint: true, IsTransient: true });
    }

    [Fact]
    public void EtcdReply_OfTransactionsInTransactionsWithoutEnd_IsRefused()
    {
        byte[] nested = [];
        for (var i = 0; i < 10_000; i++)
            nested = EtcdWriter.Message((3, EtcdWriter.Message((4, nested))));
        Assert.Throws<EtcdFailure>(() => EtcdInput.Read(nested, TxnResponse.Read));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\0\u001a\0")]
    [InlineData("\n\u0002\u0018\0")]
    public void EtcdReply_WithoutARevision_IsNotBelieved(string bytes)
    {
        var reply = EtcdInput.Read(Encoding.UTF8.GetBytes(bytes), TxnResponse.Read);
        Assert.True(Assert.Throws<ElectionStoreException>(() => EtcdOutcome.RevisionOf(reply)).IsTransient);
    }

    [Fact]
    public async Task EtcdMessage_WithoutEnd_IsGivenUp()
    {
        var endless = new EtcdFrames(new Replay(EtcdWriter.Frame(new byte[EtcdFrames.MaxLength + 1])));
        await Assert.ThrowsAsync<EtcdFailure>(() => endless.NextAsync(CancellationToken.None).AsTask());
        byte[] message = [.. Enumerable.Range(0, 100_000).Select(i => (byte)i)];
        var whole = new EtcdFrames(new Replay([.. EtcdWriter.Frame(message), .. EtcdWriter.Frame([1]), .. EtcdWriter.Frame(message)], piece: 777));
        Assert.Equal(message, (await whole.NextAsync(CancellationToken.None))?.ToArray());
        Assert.Equal([1], (await whole.NextAsync(CancellationToken.None))?.ToArray());
        Assert.Equal(message, (await whole.NextAsync(CancellationToken.None))?.ToArray());
        Assert.Null((await whole.NextAsync(CancellationToken.None))?.ToArray());
    }

    [Fact]
    public async Task EtcdMessage_OfALengthThatNeverComes_TakesNoRoomForIt()
    {
        var frames = new EtcdFrames(new Replay([0, 0, 0xFF, 0xFF, 0xFF, 1]));
        var before = GC.GetAllocatedBytesForCurrentThread();
        await Assert.ThrowsAsync<EtcdFailure>(() => frames.NextAsync(CancellationToken.None).AsTask());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void EtcdError_OfManyLines_IsOne()
    {
        using var response = new HttpResponseMessage();
        response.TrailingHeaders.TryAddWithoutValidation("grpc-status", "3");
        response.TrailingHeaders.TryAddWithoutValidation("grpc-message", $"a%0Ab{new string('x', 10_000)}");
        var failure = Assert.Throws<EtcdFailure>(() => EtcdAnswer.ThrowIfFailed(response.TrailingHeaders));
        Assert.DoesNotContain(failure.Explain(), char.IsControl);
        Assert.InRange(failure.Explain().Length, 3, 400);
    }

    [Theory]
    [InlineData("""{"member":"m0","term":7}""")]
    [InlineData("""{"member":"m0","term":7,"votedFor":null,"peers":[null]}""")]
    public void Report_WithoutPeers_IsRefused(string raft)
    {
        var json = Encoding.UTF8.GetBytes($$"""{"election":"e","strategy":"raft","candidate":"a","role":"follower","raft":{{raft}}}""");
        Assert.StartsWith("raft.peers: ", ReportRules.Explain(CandidateReport.Parse(json)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--data-dir", "")]
    [InlineData("--stores", " 1")]
    [InlineData("--stores", "container,native")]
    public void AppHostArgument_ThatIsNone_IsRefused(string option, string value) => Assert.Throws<FormatException>(() => SettingsFormats.ReadAppHost([option, value]));
}
