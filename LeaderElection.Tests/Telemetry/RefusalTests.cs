using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using LeaderElection.Etcd;
using LeaderElection.FileSystem;
using LeaderElection.Reports;
using LeaderElection.Telemetry;
using LeaderElection.Tests.Board;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.ZooKeeper;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Tests.Telemetry;

/// <summary>What made no sense is counted, by what it should have been.</summary>
[Collection("Refusals")]
public sealed class RefusalTests : IDisposable
{
    private readonly ConcurrentQueue<string> _refused = new();
    private readonly MeterListener _listener = new();
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);

    public RefusalTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == ElectionTelemetry.Name && instrument.Name == "leader_election.refused")
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
            _refused.Enqueue(string.Join(' ', tags.ToArray().OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{t.Key}={t.Value}"))));
        _listener.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _late.Dispose();
    }

    [Fact]
    public async Task LeaseFile_Garbled_IsCounted()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("e.lease"), "leader-election 1 held by nobody\n");
        await using var backend = new FileElectionBackend(new FileElectionOptions { Directory = folder.Path });
        await Assert.ThrowsAsync<ElectionStoreException>(() => backend.CreateElection("e", "a").CampaignAsync(_late.Token).AsTask());
        AssertOnly("election.refused.input=lease file election.strategy=file");
    }

    [Fact]
    public async Task EtcdReply_Garbled_IsCounted()
    {
        using var answer = new MemoryStream([1, 0, 0, 0, 1, 0]);
        await Assert.ThrowsAsync<EtcdFailure>(() => new EtcdFrames(answer).NextAsync(_late.Token).AsTask());
        AssertOnly("election.refused.input=reply election.strategy=etcd");
    }

    [Fact]
    public async Task EtcdWatchStream_Garbled_IsCounted()
    {
        using var connection = new EtcdConnection(new EtcdElectionOptions { ConnectionString = "http://127.0.0.1:1" }, TimeProvider.System);
        using var stream = new EtcdWatchStream(connection, TimeProvider.System);
        await Assert.ThrowsAsync<EtcdFailure>(() => stream.ListenAsync(
            _ => new(new ArraySegment<byte>([0x0a, 0x7f])), static () => { }, static (_, _) => { }, _late.Token));
        AssertOnly("election.refused.input=reply election.strategy=etcd");
    }

    [Theory]
    [InlineData(1, "election.refused.input=reply election.strategy=zookeeper")]
    [InlineData(-1, "election.refused.input=notification election.strategy=zookeeper")]
    public async Task ZooKeeperFrame_Garbled_IsCounted(int xid, string counted)
    {
        await using var peer = new FakePeer(async (stream, _) =>
        {
            await FakePeer.ShakeHandsAsync(stream, 5);
            await FakePeer.ReadFrameAsync(stream);
            await FakePeer.SendAsync(stream, new JuteWriter().Int(xid).Long(1).Int(0).Int(int.MaxValue));
            await FakePeer.ReadFrameAsync(stream);
        });
        await using var client = TestClient.Create(peer.Endpoint);
        await Assert.ThrowsAsync<ElectionStoreException>(() => client.GetChildrenAsync("/"));
        AssertOnly(counted);
    }

    [Fact]
    public async Task ZooKeeperHandshake_Garbled_IsCounted()
    {
        await using var peer = new FakePeer(async (stream, _) =>
        {
            await FakePeer.ReadFrameAsync(stream);
            await stream.WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        });
        await using var client = TestClient.Create(peer.Endpoint);
        await Assert.ThrowsAsync<ElectionStoreException>(() => client.ExistsAsync("/"));
        AssertOnly("election.refused.input=handshake election.strategy=zookeeper");
    }

    [Fact]
    public async Task CandidateReport_Garbled_IsCounted()
    {
        await using var board = await BoardHost.StartAsync();
        using var reporter = await Reporter.ConnectAsync(board);
        await reporter.SendAsync("leader");
        await reporter.ClosedAsync();
        AssertOnly("election.refused.input=candidate report");
    }

    /// <summary>At least once: who waits for an answer asks again.</summary>
    private void AssertOnly(string counted) => Assert.Equal([counted], _refused.Distinct());
}
