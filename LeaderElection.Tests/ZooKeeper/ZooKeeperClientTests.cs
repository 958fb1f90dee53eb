using System.Text;
using LeaderElection.Tests.Processes;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Tests.ZooKeeper;

/// <summary>The client against a real server.</summary>
public sealed class ZooKeeperClientTests(SharedZooKeeper shared) : IClassFixture<SharedZooKeeper>, IAsyncLifetime
{
    private readonly List<ZooKeeperClient> _clients = [];
    private readonly string _root = $"/t{Guid.NewGuid():N}";
    private ZooKeeperClient _client = null!;

    public async Task InitializeAsync()
    {
        _client = Client();
        await _client.EnsurePathAsync(_root, Acl.Open, CreateMode.Persistent);
    }

    public async Task DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
    }

    [Fact]
    public async Task Node_IsCreatedReadWrittenAndDeleted()
    {
        var path = $"{_root}/a";
        var created = (await _client.CreateAsync(path, "1"u8, Acl.Open, CreateMode.Persistent)).Required();
        Assert.Equal(path, created.Path);
        Assert.Equal(ErrorCode.NodeExists, (await _client.CreateAsync(path, "2"u8, Acl.Open, CreateMode.Persistent)).Code);
        var node = (await _client.GetDataAsync(path)).Required();
        Assert.Equal("1", Encoding.UTF8.GetString(node.Data));
        Assert.Equal(created.Stat, node.Stat);
        Assert.Equal(1, (await _client.SetDataAsync(path, "3"u8.ToArray())).Required().Version);
        Assert.Equal(1, (await _client.ExistsAsync(path)).Required().Version);
        Assert.Equal(["a"], (await _client.GetChildrenAsync(_root)).Required());
        Assert.Equal(ErrorCode.NotEmpty, (await _client.DeleteAsync(_root)).Code);
        (await _client.DeleteAsync(path)).Required();
        Assert.Equal(ErrorCode.NoNode, (await _client.DeleteAsync(path)).Code);
        Assert.Equal(ErrorCode.NoNode, (await _client.GetDataAsync(path)).Code);
        var error = Assert.Throws<ElectionStoreException>(() => new Reply<bool>(ErrorCode.NoNode, false, 0, _client.Name, path).Required());
        Assert.Equal($"ZooKeeper at {shared.Server.Endpoint}, {path}: the node does not exist", error.Message);
    }

    [Fact]
    public async Task Create_EphemeralSequential_BelongsToTheSessionAndGoesWithIt()
    {
        var other = Client();
        var created = (await other.CreateAsync($"{_root}/n_", "x"u8, Acl.Open, CreateMode.EphemeralSequential)).Required();
        Assert.Matches(@"/n_\d{10}$", created.Path);
        Assert.Equal(other.SessionId, created.Stat.EphemeralOwner);
        await other.CloseAsync(default);
        Assert.Equal(ErrorCode.NoNode, (await _client.ExistsAsync(created.Path)).Code);
        await Assert.ThrowsAsync<ElectionStoreException>(() => other.PingAsync());
    }

    [Fact]
    public async Task EnsurePath_Containers_AreMadeFromTheTop()
    {
        await _client.EnsurePathAsync($"{_root}/c/d", Acl.Open, CreateMode.Container);
        await _client.EnsurePathAsync($"{_root}/c/d", Acl.Open, CreateMode.Container);
        Assert.Equal(["d"], (await _client.GetChildrenAsync($"{_root}/c")).Required());
    }

    [Fact]
    public async Task Requests_ManyAtOnce_AreCarriedOutAndAnsweredInOrder()
    {
        var creating = Enumerable.Range(0, 3000)
            .Select(i => _client.CreateAsync($"{_root}/n_", Encoding.UTF8.GetBytes($"{i}"), Acl.Open, CreateMode.EphemeralSequential)).ToArray();
        var listing = _client.GetChildrenAsync(_root);
        var created = await Task.WhenAll(creating);
        Assert.Equal(Enumerable.Range(0, 3000).Select(i => $"{_root}/n_{i:D10}"), created.Select(c => c.Required().Path));
        Assert.Equal(3000, (await listing).Required().Length);
        Assert.Equal(created.Select(c => c.Value!.Stat.Czxid).Order(), created.Select(c => c.Value!.Stat.Czxid));
    }

    [Fact]
    public async Task Chroot_IsMadeAndTakenAwayAgain()
    {
        var below = Client(folder: $"{_root}/below");
        await below.EnsurePathAsync("/e", Acl.Open, CreateMode.Persistent);
        Assert.Equal("/e/x", (await below.CreateAsync("/e/x", [], Acl.Open, CreateMode.Persistent)).Required().Path);
        Assert.True((await _client.ExistsAsync($"{_root}/below/e/x")).IsOk);
        var (fired, watch) = NewWatch();
        (await below.GetDataAsync("/e/x", watch)).Required();
        (await _client.DeleteAsync($"{_root}/below/e/x")).Required();
        Assert.Equal(WatchEvent.NodeDeleted, await fired);
    }

    [Fact]
    public async Task Multi_WithACheckThatFails_DoesNothing()
    {
        await _client.EnsurePathAsync($"{_root}/target", Acl.Open, CreateMode.Persistent);
        await _client.EnsurePathAsync($"{_root}/check", Acl.Open, CreateMode.Persistent);
        MultiOp Write(string text) => MultiOp.SetData($"{_root}/target", Encoding.UTF8.GetBytes(text));
        Assert.Equal([ErrorCode.Ok, ErrorCode.Ok], (await _client.MultiAsync([MultiOp.Check($"{_root}/check", 0), Write("yes")])).Required());
        var refused = (await _client.MultiAsync([MultiOp.Check($"{_root}/check", 1), Write("no")])).Required();
        Assert.Equal([ErrorCode.BadVersion, ErrorCode.RuntimeInconsistency], refused);
        refused = (await _client.MultiAsync([MultiOp.Check($"{_root}/gone", 0), Write("no")])).Required();
        Assert.Equal(ErrorCode.NoNode, refused[0]);
        Assert.Equal("yes", Encoding.UTF8.GetString((await _client.GetDataAsync($"{_root}/target")).Required().Data));
    }

    /// <summary>It hangs in one place: of the other it could not be taken away, and those who hang there behind it would be lost.</summary>
    [Fact]
    public async Task Watch_HandedToASecondRequest_IsRefused()
    {
        var watch = new Watch(_ => { });
        await _client.ExistsAsync("/", watch);
        await Assert.ThrowsAsync<InvalidOperationException>(() => _client.GetChildrenAsync("/", watch));
        Assert.Equal(1, _client.WatchCount);
        watch.Dispose();
        Assert.Equal(0, _client.WatchCount);
    }

    [Fact]
    public async Task Acl_CreatorOnly_KeepsStrangersFromChangingNotFromReading()
    {
        var owner = Client(digest: "owner:right-secret");
        await owner.EnsurePathAsync($"{_root}/p", Acl.For(withPassword: true, []), CreateMode.Persistent);
        (await owner.CreateAsync($"{_root}/p/n", [], Acl.For(withPassword: true, []), CreateMode.Ephemeral)).Required();

        var stranger = Client(digest: "owner:wrong-secret");
        Assert.True((await stranger.GetDataAsync($"{_root}/p/n")).IsOk);
        var refused = await stranger.DeleteAsync($"{_root}/p/n");
        Assert.Equal(ErrorCode.NoAuth, refused.Code);
        Assert.False(refused.Error().IsTransient);
        Assert.DoesNotContain("secret", refused.Error().ToString());
        Assert.Equal(ErrorCode.NoAuth, (await _client.CreateAsync($"{_root}/p/m", [], Acl.Open, CreateMode.Ephemeral)).Code);
        Assert.Equal(ErrorCode.InvalidAcl, (await _client.CreateAsync($"{_root}/x", [], Acl.For(withPassword: true, []), CreateMode.Ephemeral)).Code);
        // Where it may not create, what exists is as good.
        await stranger.EnsurePathAsync($"{_root}/p/n", Acl.For(withPassword: true, []), CreateMode.Persistent);
        await Assert.ThrowsAsync<ElectionStoreException>(() => stranger.EnsurePathAsync($"{_root}/p/o", Acl.For(withPassword: true, []), CreateMode.Persistent));

        Assert.True((await Client(digest: "owner:right-secret").DeleteAsync($"{_root}/p/n")).IsOk);
    }

    [Fact]
    public async Task Watches_FireOnceEach()
    {
        var path = $"{_root}/w";
        var (came, exist) = NewWatch();
        Assert.Equal(ErrorCode.NoNode, (await _client.ExistsAsync(path, exist)).Code);
        var (childCame, child) = NewWatch();
        (await _client.GetChildrenAsync(_root, child)).Required();
        (await Client().CreateAsync(path, [], Acl.Open, CreateMode.Persistent)).Required();
        Assert.Equal(WatchEvent.NodeCreated, await came);
        Assert.Equal(WatchEvent.ChildrenChanged, await childCame);

        var (changed, data) = NewWatch();
        var (alsoChanged, sameData) = NewWatch();
        var (never, disposed) = NewWatch();
        var (neverEither, disposedBefore) = NewWatch();
        disposedBefore.Dispose();
        foreach (var watch in (Watch[])[data, sameData, disposed, disposedBefore])
            (await _client.GetDataAsync(path, watch)).Required();
        disposed.Dispose();
        (await _client.SetDataAsync(path, default)).Required();
        Assert.Equal(WatchEvent.DataChanged, await changed);
        Assert.Equal(WatchEvent.DataChanged, await alsoChanged);
        Assert.Equal(0, _client.WatchCount);
        (await _client.DeleteAsync(path)).Required();
        await _client.SyncAsync(path);
        Assert.False(never.IsCompleted || neverEither.IsCompleted);
    }

    [Fact]
    public async Task Watch_OnWhatIsNotThere_IsNotSet()
    {
        Assert.Equal(ErrorCode.NoNode, (await _client.GetDataAsync($"{_root}/no", NewWatch().Watch)).Code);
        Assert.Equal(ErrorCode.NoNode, (await _client.GetChildrenAsync($"{_root}/no", NewWatch().Watch)).Code);
        Assert.Equal(0, _client.WatchCount);
    }

    [Fact]
    public async Task Session_WithoutHeartbeats_Expires()
    {
        var client = Client(session: TimeSpan.FromSeconds(1));
        var expired = new TaskCompletionSource();
        client.Expired += expired.SetResult;
        (await client.CreateAsync($"{_root}/n", [], Acl.Open, CreateMode.Ephemeral)).Required();
        var (fired, watch) = NewWatch();
        (await client.GetChildrenAsync(_root, watch)).Required();
        await expired.Task.WaitAsync(Eventually.Limit, TimeProvider.System);
        // The end of its node may be told first.
        Assert.Contains(await fired, (WatchEvent[])[WatchEvent.Unsure, WatchEvent.ChildrenChanged]);
        Assert.True(client.IsOver);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => client.PingAsync());
        Assert.Equal($"ZooKeeper at {shared.Server.Endpoint}: the session has expired", error.Message);
        Assert.Equal(ErrorCode.NoNode, (await _client.ExistsAsync($"{_root}/n")).Code);
        await client.CloseAsync(default);
    }

    [Fact]
    public Task Session_WithPings_Lasts() => Eventually.OnceAsync(
        async () =>
        {
            var client = Client(session: TimeSpan.FromSeconds(2));
            var start = TimeProvider.System.GetTimestamp();
            var error = await Record.ExceptionAsync(async () =>
            {
                while (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(5))
                {
                    await client.PingAsync();
                    await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
                }
            });
            Assert.Equal(TimeSpan.FromSeconds(2), client.SessionTimeout);
            return error is null && !client.IsOver;
        },
        "the session lasts");

    [Fact]
    public async Task SessionTimeout_OutOfTheServersBounds_IsWhatTheServerGrants()
    {
        var client = Client(session: TimeSpan.FromHours(1));
        await client.PingAsync();
        Assert.Equal(TimeSpan.FromSeconds(60), client.SessionTimeout);
    }

    [Fact]
    public async Task Close_WithRequestsWaiting_FailsThem()
    {
        var client = Client();
        await client.DisposeAsync();
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => client.PingAsync());
        Assert.True(error.IsTransient);
    }

    private static (Task<WatchEvent> Fired, Watch Watch) NewWatch()
    {
        var fired = new TaskCompletionSource<WatchEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        return (fired.Task.WaitAsync(Eventually.Limit, TimeProvider.System), new Watch(fired.SetResult));
    }

    private ZooKeeperClient Client(TimeSpan? session = null, string? digest = null, string folder = "")
    {
        var client = TestClient.Create(shared.Server.Endpoint + folder, session, digest);
        _clients.Add(client);
        return client;
    }
}
