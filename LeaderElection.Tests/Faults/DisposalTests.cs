using LeaderElection.Etcd;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;
using LeaderElection.Tests.ZooKeeper;
using LeaderElection.ZooKeeper;

namespace LeaderElection.Tests.Faults;

/// <summary>A backend that is disposed in any moment of connecting, campaigning, leading and observing: it ends, and leaves nothing at the store.</summary>
public sealed class DisposalTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Etcd_WheneverItLooksAtTheClock_EndsAndLeavesNoLease()
    {
        await using var server = await EtcdServer.StartNewAsync();
        await DisposeInEveryMomentAsync(
            time => new EtcdElectionBackend(new EtcdElectionOptions { ConnectionString = server.Endpoint, LeaseDuration = Long }, time: time));
        await Eventually.GetAsync(() => server.CtlAsync("lease", "list"), leases => leases.Contains("found 0 leases", StringComparison.Ordinal), "all leases to be revoked");
    }

    [Fact]
    public async Task ZooKeeper_WheneverItLooksAtTheClock_EndsAndLeavesNoConnection()
    {
        await using var server = await ZooKeeperServer.StartNewAsync();
        await DisposeInEveryMomentAsync(
            time => new ZooKeeperElectionBackend(new ZooKeeperElectionOptions { ConnectionString = server.Endpoint, LeaseDuration = Long }, time: time));
        await Eventually.GetAsync(() => server.FourLetterAsync("mntr"), answer => answer.Contains("zk_num_alive_connections\t1\n", StringComparison.Ordinal), "all connections but the one that asks to be closed");
    }

    private static async Task DisposeInEveryMomentAsync(Func<TimeProvider, IElectionBackend> create)
    {
        var wasReached = true;
        for (var look = 1; wasReached; look++)
        {
            var created = new TaskCompletionSource<IElectionBackend>(TaskCreationOptions.RunContinuationsAsynchronously);
            // A backend that is still being made is disposed as soon as it is there.
            var time = new InterruptingTime(look, async () => await (await created.Task).DisposeAsync());
            var backend = create(time);
            created.SetResult(backend);
            var life = LiveAsync(backend);
            await Task.WhenAny(life, time.Acting).WaitAsync(Eventually.Limit, TimeProvider.System);
            wasReached = time.HasActed;
            await (wasReached ? await time.Acting : backend.DisposeAsync().AsTask()).WaitAsync(Eventually.Limit, TimeProvider.System);
            await life.WaitAsync(Eventually.Limit, TimeProvider.System);
            Assert.True(wasReached || look > 15, $"it looked only {look} times");
        }
    }

    /// <summary>A short life of a process; it may end at any time.</summary>
    private static async Task LiveAsync(IElectionBackend backend)
    {
        try
        {
            await backend.PingAsync();
            await using var election = backend.CreateElection("e", "a");
            await (await election.CampaignAsync()).ResignAsync();
            await using var observer = backend.CreateElection("e", "o").ObserveAsync().GetAsyncEnumerator();
            await observer.MoveNextAsync();
            var leader = await election.CampaignAsync();
            await observer.MoveNextAsync();
            await leader.ResignAsync();
        }
        catch (Exception e) when (e is ElectionStoreException or OperationCanceledException or ObjectDisposedException)
        {
        }
    }
}
