using System.Text;
using LeaderElection.Leases;
using LeaderElection.Tests.Conformance;
using LeaderElection.Tests.Fencing;
using LeaderElection.Tests.Processes;
using LeaderElection.ZooKeeper;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Tests.ZooKeeper;

/// <summary>What can befall an election on ZooKeeper.</summary>
public sealed class ZooKeeperElectionTests(SharedZooKeeper shared) : IClassFixture<SharedZooKeeper>, IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private readonly List<IElectionBackend> _backends = [];
    private readonly LineLogger _log = new();
    private readonly string _root = $"/election-{Guid.NewGuid():N}";
    private ZooKeeperClient _operator = null!;

    public Task InitializeAsync()
    {
        _operator = TestClient.Create(shared.Server.Endpoint, TimeSpan.FromSeconds(60));
        return _operator.PingAsync();
    }

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_backends.Select(b => b.DisposeAsync().AsTask()));
        await _operator.DisposeAsync();
        _late.Dispose();
    }

    [Fact]
    public async Task Leader_HasItsNodeInTheLayout()
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(_late.Token);
        Assert.Equal(["node_0000000000"], await NodesAsync());
        var node = (await _operator.GetDataAsync($"{_root}/e/node_0000000000")).Required();
        Assert.Matches("^a [0-9a-f]{32}$", Encoding.UTF8.GetString(node.Data));
        Assert.Equal(leader.FencingToken, node.Stat.Czxid);
        Assert.NotEqual(0, node.Stat.EphemeralOwner);
        Assert.Equal(0, (await _operator.ExistsAsync($"{_root}/e")).Required().EphemeralOwner);
        await leader.ResignAsync(_late.Token);
        Assert.Empty(await NodesAsync());
    }

    [Theory]
    [InlineData(ZooKeeperNodeNaming.Sequence)]
    [InlineData(ZooKeeperNodeNaming.CuratorLatch)]
    [InlineData(ZooKeeperNodeNaming.Kazoo)]
    public async Task Create_WhoseReplyIsLost_IsFoundAgain(ZooKeeperNodeNaming naming)
    {
        await using var proxy = new CuttingProxy(shared.Server.Port);
        var election = Backend(endpoint: proxy.Endpoint, naming: naming).CreateElection("e", "a");
        // Makes the parents first, so that what is lost is the node's reply.
        await (await election.CampaignAsync(_late.Token)).ResignAsync(_late.Token);
        var before = proxy.Creates;
        proxy.CreateRepliesToLose = 1;
        var leader = await election.CampaignAsync(_late.Token);
        Assert.Equal(0, proxy.CreateRepliesToLose);
        Assert.Equal(1, proxy.Creates - before);
        var node = Assert.Single(await NodesAsync());
        Assert.Equal(leader.FencingToken, (await _operator.ExistsAsync($"{_root}/e/{node}")).Required().Czxid);
    }

    [Fact]
    public async Task Campaign_CalledOffWhileTheReplyToItsCreateIsLost_LeavesNothingBehind()
    {
        await using var proxy = new CuttingProxy(shared.Server.Port);
        var backend = Backend(endpoint: proxy.Endpoint);
        await (await backend.CreateElection("e", "a").CampaignAsync(_late.Token)).ResignAsync(_late.Token);
        using var stop = new CancellationTokenSource();
        var before = proxy.Creates;
        proxy.CreateRepliesToLose = 1;
        var campaign = backend.CreateElection("e", "a").CampaignAsync(stop.Token).AsTask();
        await Eventually.TrueAsync(() => proxy.Creates > before, "the create");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => campaign);
        await Eventually.GetAsync(NodesAsync, nodes => nodes is [], "the node to be gone");
    }

    [Fact]
    public async Task Node_DeletedByHand_LeaderIsToldAtOnce()
    {
        // With a session of a minute, no renewal can have told it.
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(_late.Token);
        (await _operator.DeleteAsync($"{_root}/e/{Assert.Single(await NodesAsync())}")).Required();
        await Eventually.TrueAsync(() => !leader.IsValid, "the leader to hear of it");
        Assert.Equal(LeadershipEnd.Superseded, leader.EndReason);
    }

    [Fact]
    public async Task Node_OfAWaiterDeletedByHand_ItJoinsAnewAndTheNextIsNotElectedByThat()
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(_late.Token);
        var second = Backend().CreateElection("e", "b").CampaignAsync(_late.Token).AsTask();
        await CandidatesAsync("a", "b");
        var third = Backend().CreateElection("e", "c").CampaignAsync(_late.Token).AsTask();
        await CandidatesAsync("a", "b", "c");
        // Whom the third waits for goes, but the leader is still there.
        (await _operator.DeleteAsync($"{_root}/e/{(await NodesAsync())[1]}")).Required();
        await CandidatesAsync("a", "c", "b");
        Assert.True(leader.IsValid);
        Assert.False(second.IsCompleted || third.IsCompleted);
        await leader.ResignAsync(_late.Token);
        var next = await third;
        Assert.False(second.IsCompleted);
        await next.ResignAsync(_late.Token);
        Assert.True((await second).FencingToken > next.FencingToken);
    }

    [Fact]
    public async Task Waiter_CutOffPastItsSession_JoinsAnewAndIsElectedLater()
    {
        await using var proxy = new CuttingProxy(shared.Server.Port);
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(_late.Token);
        var waiter = Backend(TimeSpan.FromSeconds(1), proxy.Endpoint).CreateElection("e", "b").CampaignAsync(_late.Token).AsTask();
        await CandidatesAsync("a", "b");
        var node = (await NodesAsync())[1];
        proxy.IsBlocked = true;
        proxy.Cut();
        await CandidatesAsync("a");
        proxy.IsBlocked = false;
        await CandidatesAsync("a", "b");
        Assert.NotEqual(node, (await NodesAsync())[1]);
        await leader.ResignAsync(_late.Token);
        Assert.True((await waiter).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Leader_ConnectionCutForAMoment_GoesOn()
    {
        await using var proxy = new CuttingProxy(shared.Server.Port);
        var leader = await Backend(TimeSpan.FromSeconds(9), proxy.Endpoint).CreateElection("e", "a").CampaignAsync(_late.Token);
        for (var i = 0; i < 3; i++)
        {
            proxy.Cut();
            var seen = _log.Lines.Count;
            Assert.True(await Eventually.RenewedAsync(leader), string.Join('\n', _log.Lines.Skip(seen)));
        }
        Assert.Single(await NodesAsync());
    }

    [Fact]
    public async Task Observer_CutOff_HearsOfNoLeaderAndOfItsReturn()
    {
        await using var proxy = new CuttingProxy(shared.Server.Port);
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(_late.Token);
        await using var observer = Backend(TimeSpan.FromSeconds(1), proxy.Endpoint).CreateElection("e", "o").ObserveAsync(_late.Token).GetAsyncEnumerator(_late.Token);
        await SeesAsync(leader.FencingToken);
        proxy.IsBlocked = true;
        proxy.Cut();
        await SeesAsync(null);
        proxy.IsBlocked = false;
        await SeesAsync(leader.FencingToken);

        async Task SeesAsync(long? token)
        {
            do
                Assert.True(await observer.MoveNextAsync());
            while (observer.Current?.FencingToken != token);
        }
    }

    [Fact]
    public async Task Election_DeletedByHandWithAllInIt_IsMadeAgain()
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(_late.Token);
        var second = Backend().CreateElection("e", "b").CampaignAsync(_late.Token).AsTask();
        await CandidatesAsync("a", "b");
        var nodes = await NodesAsync();
        (await _operator.MultiAsync([.. nodes.Select(n => MultiOp.Delete($"{_root}/e/{n}")), MultiOp.Delete($"{_root}/e"), MultiOp.Delete(_root)])).Required();
        Assert.True((await second).FencingToken > leader.FencingToken);
        Assert.False(leader.IsValid);
    }

    [Fact]
    public async Task Digest_OthersCanNeitherDeleteNorJoin()
    {
        var leader = await Backend(password: "right-secret").CreateElection("e", "a").CampaignAsync(_late.Token);
        var node = $"{_root}/e/{Assert.Single(await NodesAsync())}";
        Assert.Equal(ErrorCode.NoAuth, (await _operator.DeleteAsync(node)).Code);
        Assert.Equal(ErrorCode.NoAuth, (await _operator.SetDataAsync(node, default)).Code);
        foreach (var password in (string?[])["wrong-secret", null])
        {
            var error = await Assert.ThrowsAsync<ElectionStoreException>(
                () => Backend(password: password).CreateElection("e", "b").CampaignAsync(_late.Token).AsTask());
            Assert.Contains("ACL does not allow it", error.Message);
            Assert.DoesNotContain('\n', error.Message);
            Assert.False(error.IsTransient);
            Assert.DoesNotContain(_log.Lines.Append(error.ToString()), line => line.Contains("secret", StringComparison.Ordinal));
        }
        var second = Backend(password: "right-secret").CreateElection("e", "c").CampaignAsync(_late.Token).AsTask();
        await CandidatesAsync("a", "c");
        await leader.ResignAsync(_late.Token);
        Assert.True((await second).IsValid);
        // Everybody may look.
        await using var observer = Backend().CreateElection("e", "o").ObserveAsync(_late.Token).GetAsyncEnumerator(_late.Token);
        Assert.True(await observer.MoveNextAsync());
        Assert.Equal("c", observer.Current!.CandidateId);
    }

    [Theory]
    [InlineData("crd", false)]
    [InlineData("rd", true)]
    [InlineData("cd", true)]
    [InlineData("cr", true)]
    public async Task LeastRights_OnAnElectionMadeByAnOperator_AreCreateReadDelete(string rights, bool fails)
    {
        const string User = "elector:right-secret";
        var id = $"elector:{Convert.ToBase64String(System.Security.Cryptography.SHA1.HashData(Encoding.UTF8.GetBytes(User)))}";
        var permissions = (rights.Contains('r') ? 1 : 0) | (rights.Contains('c') ? 4 : 0) | (rights.Contains('d') ? 8 : 0);
        await _operator.EnsurePathAsync(_root, Acl.Open, CreateMode.Persistent);
        (await _operator.CreateAsync($"{_root}/e", [], [new Acl(permissions, "digest", id)], CreateMode.Persistent)).Required();

        var error = await Record.ExceptionAsync(async () =>
        {
            var leader = await Backend(password: "right-secret").CreateElection("e", "a").CampaignAsync(_late.Token);
            await leader.ResignAsync(_late.Token);
        });

        Assert.Equal(fails, error is not null);
        if (fails)
            Assert.Contains("ACL does not allow it", Assert.IsType<ElectionStoreException>(error).Message);
    }

    [Fact]
    public async Task Resign_RefusedAsTheRightsWereRevoked_IsToldAndTheElectionGoesOnAfterASession()
    {
        var leader = await Backend(TimeSpan.FromSeconds(6)).CreateElection("e", "a").CampaignAsync(_late.Token);
        var next = Backend().CreateElection("e", "b").CampaignAsync(_late.Token).AsTask();
        await CandidatesAsync("a", "b");
        await shared.Server.CliAsync("acl", $"{_root}/e", "rca");
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => leader.ResignAsync(_late.Token).AsTask());
        Assert.Contains("ACL does not allow it", error.Message);
        await Eventually.TrueAsync(() => _log.Lines.Any(l => l.Contains("refuses that e is given back", StringComparison.Ordinal)), "it to be told");
        // The session is not renewed any more: else the node would stand there for as long as this process lives.
        Assert.True((await next.WaitAsync(Eventually.Limit, TimeProvider.System)).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task NodeThatIsNotEphemeral_InTheWay_IsNamed()
    {
        await _operator.EnsurePathAsync($"{_root}/e/node_0000000000", Acl.Open, CreateMode.Persistent);
        var campaign = Backend().CreateElection("e", "a").CampaignAsync(_late.Token).AsTask();
        await Eventually.TrueAsync(
            () => _log.Lines.Any(l => l.Contains("node_0000000000 stands in election e and is not ephemeral", StringComparison.Ordinal)), "it to be named");
        (await _operator.DeleteAsync($"{_root}/e/node_0000000000")).Required();
        await campaign;
    }

    [Fact]
    public async Task Ping_AfterTheEndOfTheBackend_LeavesNoSessionBehind()
    {
        var backend = Backend();
        await backend.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => backend.PingAsync(_late.Token).AsTask());
        Assert.Equal(0, backend.OpenSessions);
    }

    [Fact]
    public async Task Guard_StandsWhileTheLeaderDoes()
    {
        await _operator.EnsurePathAsync($"{_root}/data", Acl.Open, CreateMode.Persistent);
        var backend = Backend();
        var leader = await backend.CreateElection("e", "a").CampaignAsync(_late.Token);
        var guard = backend.Guard(leader);
        Assert.True(await backend.SetDataAsync(leader, $"{_root}/data", "by a"u8.ToArray(), _late.Token));
        Assert.Equal("by a", await DataAsync($"{_root}/data"));
        var missing = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.SetDataAsync(leader, $"{_root}/no", default, _late.Token).AsTask());
        Assert.EndsWith($"{_root}/no: the node does not exist", missing.Message);

        await leader.ResignAsync(_late.Token);
        Assert.False(await backend.SetDataAsync(leader, $"{_root}/data", "late"u8.ToArray(), _late.Token));
        var error = Assert.Throws<InvalidOperationException>(() => backend.Guard(leader));
        Assert.Equal($"a does not lead 'e' any more (fencing token {leader.FencingToken}).", error.Message);
        // Nor with a client that does not know of the leadership's end.
        var refused = await _operator.MultiAsync([MultiOp.Check(guard.Path, guard.Version), MultiOp.SetData($"{_root}/data", "late"u8.ToArray())]);
        Assert.Equal(ErrorCode.NoNode, refused.Required()[0]);
        Assert.Equal("by a", await DataAsync($"{_root}/data"));
    }

    [Fact]
    public async Task FrozenLeaderWakesUp_ItsWritesAreRefusedByTheEnsemble()
    {
        await _operator.EnsurePathAsync($"{_root}/data", Acl.Open, CreateMode.Persistent);
        var freezer = new Freezer();
        var backend = Backend(lease: TimeSpan.FromSeconds(3), beforeRequest: freezer.BeforeRequestAsync);
        var old = await backend.CreateElection("e", "a").CampaignAsync(_late.Token);
        var guard = backend.Guard(old);
        freezer.Freeze();
        var successor = Backend();
        var next = await successor.CreateElection("e", "b").CampaignAsync(_late.Token);
        Assert.True(await successor.SetDataAsync(next, $"{_root}/data", "by b"u8.ToArray(), _late.Token));
        var refused = await _operator.MultiAsync([MultiOp.Check(guard.Path, guard.Version), MultiOp.SetData($"{_root}/data", "late by a"u8.ToArray())]);
        Assert.Equal(ErrorCode.NoNode, refused.Required()[0]);
        Assert.False(await backend.SetDataAsync(old, $"{_root}/data", "late by a"u8.ToArray(), _late.Token));
        Assert.Equal("by b", await DataAsync($"{_root}/data"));
        freezer.Thaw();
    }

    [Fact]
    public async Task ManyElections_ShareOneConnection()
    {
        var before = await ConnectionsAsync();
        var backend = Backend();
        await using var observer = backend.CreateElection("shard-0", "o").ObserveAsync(_late.Token).GetAsyncEnumerator(_late.Token);
        Assert.True(await observer.MoveNextAsync());
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => backend.CreateElection($"shard-{i}", "a").CampaignAsync(_late.Token).AsTask()));
        await backend.PingAsync(_late.Token);
        Assert.Single((await ConnectionsAsync()).Except(before));
        Assert.Equal(1000, (await _operator.GetChildrenAsync(_root)).Required().Length);
    }

    [Fact]
    public async Task Idle_Waiter_SendsPingsBetweenItsLooks()
    {
        await Backend().CreateElection("e", "a").CampaignAsync(_late.Token);
        var before = await ConnectionsAsync();
        _ = Backend(TimeSpan.FromSeconds(2)).CreateElection("e", "b").CampaignAsync(_late.Token).AsTask();
        await CandidatesAsync("a", "b");
        var own = Assert.Single((await ConnectionsAsync()).Except(before));
        // A session after its last look it may be sure to lead nothing.
        await Eventually.GetAsync(() => ConnectionAsync(own, "lop"), last => last == "PING", "a ping");
        var received = long.Parse(await ConnectionAsync(own, "recved"));
        var pings = 0;
        await Eventually.GetAsync(
            async () =>
            {
                pings += await ConnectionAsync(own, "lop") == "PING" ? 1 : 0;
                return long.Parse(await ConnectionAsync(own, "recved"));
            },
            now => now >= received + 4, "four requests");
        Assert.NotEqual(0, pings);
    }

    [Fact]
    public async Task Session_OtherThanAskedFor_IsToldOnceAndCounts()
    {
        var leader = await Backend(TimeSpan.FromMinutes(10)).CreateElection("e", "a").CampaignAsync(_late.Token);
        Assert.Equal(TimeSpan.FromSeconds(60), leader.LeaseDuration);
        Assert.InRange(leader.LeaseRemaining, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(() => _log.Lines.Count(l => l.Contains("grants a session of 60 s instead of 600 s", StringComparison.Ordinal)) == 1, "it to be told once");
    }

    [Fact]
    public async Task ForeignChildren_AreHandledAsTheFamilyDoes()
    {
        await _operator.EnsurePathAsync($"{_root}/e/a-stranger", Acl.Open, CreateMode.Persistent);
        await (await Backend().CreateElection("e", "a").CampaignAsync(_late.Token)).ResignAsync(_late.Token);
        await (await Backend(naming: ZooKeeperNodeNaming.Kazoo).CreateElection("e", "a").CampaignAsync(_late.Token)).ResignAsync(_late.Token);
        // For Curator every child counts; digits stand before letters.
        await (await Backend(naming: ZooKeeperNodeNaming.CuratorLatch).CreateElection("e", "a").CampaignAsync(_late.Token)).ResignAsync(_late.Token);
        await _operator.EnsurePathAsync($"{_root}/e/0", Acl.Open, CreateMode.Persistent);
        var behind = Backend(naming: ZooKeeperNodeNaming.CuratorLatch).CreateElection("e", "a").CampaignAsync(_late.Token).AsTask();
        await Eventually.GetAsync(() => _operator.GetChildrenAsync($"{_root}/e"), c => c.Required().Length == 3, "the candidate");
        await Eventually.TrueAsync(() => ((StoreBackend)_backends[^1]).FollowerCount == 1, "the candidate to wait");
        (await _operator.DeleteAsync($"{_root}/e/0")).Required();
        await behind;
    }

    private async Task<string[]> NodesAsync() => [.. (await _operator.GetChildrenAsync($"{_root}/e")).Required().Order(StringComparer.Ordinal)];

    private async Task<string> DataAsync(string path) => Encoding.UTF8.GetString((await _operator.GetDataAsync(path)).Required().Data);

    /// <summary>Waits until these stand in the queue, in this order, and all but the first wait.</summary>
    private async Task CandidatesAsync(params string[] candidates) => await Eventually.GetAsync(
        async () =>
        {
            var names = new List<string>();
            foreach (var node in await NodesAsync())
            {
                if ((await _operator.GetDataAsync($"{_root}/e/{node}")).Value is { } found)
                    names.Add(Encoding.UTF8.GetString(found.Data).Split(' ')[0]);
            }
            return string.Join(' ', names);
        },
        names => names == string.Join(' ', candidates), $"{string.Join(", ", candidates)} in the queue");

    /// <summary>The sessions that are connected.</summary>
    private async Task<string[]> ConnectionsAsync() =>
        [.. (await shared.Server.FourLetterAsync("cons")).Split('(', ',', ')').Where(w => w.StartsWith("sid=", StringComparison.Ordinal))];

    private async Task<string> ConnectionAsync(string session, string field)
    {
        var line = (await shared.Server.FourLetterAsync("cons")).Split('\n').Single(l => l.Contains(session, StringComparison.Ordinal));
        return line.Split('(', ',', ')').Single(w => w.StartsWith(field + "=", StringComparison.Ordinal))[(field.Length + 1)..];
    }

    private ZooKeeperElectionBackend Backend(
        TimeSpan? lease = null, string? endpoint = null, string? password = null, ZooKeeperNodeNaming naming = ZooKeeperNodeNaming.Sequence,
        Func<CancellationToken, ValueTask>? beforeRequest = null)
    {
        var backend = new ZooKeeperElectionBackend(
            new ZooKeeperElectionOptions
            {
                ConnectionString = endpoint ?? shared.Server.Endpoint,
                RootPath = _root,
                LeaseDuration = lease ?? Long,
                NodeNaming = naming,
                UserName = password is null ? null : "elector",
                Password = password,
                BeforeRequest = beforeRequest,
            },
            _log.For<ZooKeeperElectionBackend>());
        _backends.Add(backend);
        return backend;
    }
}
