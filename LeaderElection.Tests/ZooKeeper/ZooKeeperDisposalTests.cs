using LeaderElection.Tests.Processes;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Tests.ZooKeeper;

/// <summary>The end of a session in every moment of its life: it comes, and leaves no connection behind.</summary>
public sealed class ZooKeeperDisposalTests
{
    [Fact]
    public async Task Dispose_WheneverTheClientLooksAtTheClock_EndsAtOnceWithItsConnection()
    {
        // Connects, is cut off, connects again, and has a request under way: until the last of its looks has had its turn.
        for (var look = 1; ; look++)
        {
            var open = new List<Task>();
            await using var peer = new FakePeer((stream, number) =>
            {
                var serving = ServeAsync(stream, number);
                lock (open) open.Add(serving);
                return serving;
            });
            ZooKeeperClient? client = null;
            var time = new InterruptingTime(look, () => client!.DisposeAsync().AsTask());
            client = TestClient.Create(peer.Endpoint, time: time);
            Task[] requests = [client.PingAsync(), client.ExistsAsync("/")];
            await Task.WhenAll(requests).ContinueWith(static _ => { }, TaskScheduler.Default).WaitAsync(Eventually.Limit, TimeProvider.System);
            var last = client.ExistsAsync("/last");
            await Task.WhenAny(last, time.Acting).WaitAsync(Eventually.Limit, TimeProvider.System);
            var wasReached = time.HasActed;
            await (wasReached ? await time.Acting : client.DisposeAsync().AsTask()).WaitAsync(Eventually.Limit, TimeProvider.System);
            await Assert.ThrowsAsync<ElectionStoreException>(() => client.ExistsAsync("/").WaitAsync(Eventually.Limit, TimeProvider.System));
            await last.ContinueWith(static _ => { }, TaskScheduler.Default).WaitAsync(Eventually.Limit, TimeProvider.System);
            // The other side sees every line hung up.
            await Eventually.TrueAsync(
                () =>
                {
                    lock (open) return open.TrueForAll(o => o.IsCompleted);
                },
                $"all connections to end (look {look})");
            if (!wasReached)
            {
                Assert.InRange(look, 5, int.MaxValue);
                return;
            }
        }
    }

    private static async Task ServeAsync(Stream stream, int number)
    {
        await FakePeer.ShakeHandsAsync(stream, 5);
        for (var i = 0; ; i++)
        {
            var xid = new JuteReader(await FakePeer.ReadFrameAsync(stream)).Int();
            if (number == 1 && i == 1)
                return;
            await FakePeer.SendAsync(stream, new JuteWriter().Int(xid).Long(1).Int((int)ErrorCode.NoNode));
        }
    }
}
