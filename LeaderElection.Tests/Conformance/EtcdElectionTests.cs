using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>What can befall an election on etcd.</summary>
public sealed class EtcdElectionTests : EtcdTests
{
    private const string Transactions = "grpc_server_started_total{grpc_method=\"Txn\",grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"}";
    private const string KeepAlives = "grpc_server_started_total{grpc_method=\"LeaseKeepAlive\",grpc_service=\"etcdserverpb.Lease\",grpc_type=\"bidi_stream\"}";
    private const string Revocations = "grpc_server_started_total{grpc_method=\"LeaseRevoke\",grpc_service=\"etcdserverpb.Lease\",grpc_type=\"unary\"}";
    private const string Watches = "grpc_server_started_total{grpc_method=\"Watch\",grpc_service=\"etcdserverpb.Watch\",grpc_type=\"bidi_stream\"}";
    private const string WatchStreams = "etcd_debugging_mvcc_watch_stream_total";
    private const string Requests = "grpc_server_started_total";

    [Fact]
    public async Task Campaign_KeyValueAndLease_AreThoseOfEtcdsOwnElection()
    {
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        var key = Assert.Single(await KeysAsync());
        Assert.Matches("^e/[1-9a-f][0-9a-f]{0,15}$", key);
        Assert.Equal("a", await Store.Server.CtlAsync("get", key, "--print-value-only"));
        Assert.Contains($"\"CreateRevision\" : {leader.FencingToken}", await Store.Server.CtlAsync("get", key, "-w", "fields"));
        Assert.Contains(key, await Store.Server.CtlAsync("lease", "timetolive", LeaseOf(key), "--keys"));
        await leader.ResignAsync(Late);
        Assert.Empty(await KeysAsync());
    }

    [Fact]
    public async Task Observe_NextEndpointIsDead_GoesOnWithTheOneThatComesBack()
    {
        var dead = $"127.0.0.1:{FreePort.Next()}";
        var observing = Backend(connectionString: $"{Store.Server.Endpoint},http://{dead}");
        await using var observer = observing.CreateElection("e", "observer").ObserveAsync(Late).GetAsyncEnumerator(Late);
        Assert.True(await observer.MoveNextAsync());
        Assert.Null(observer.Current);
        // Nothing but the watch finds out where there is an answer: an observer has no other requests.
        await Store.StopAsync();
        await LoggedAsync(dead);
        await Store.StartAsync();
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        Assert.True(await observer.MoveNextAsync());
        Assert.Equal(leader.FencingToken, observer.Current!.FencingToken);
    }

    [Fact]
    public async Task Dispose_OfTheBackend_RevokesTheLease()
    {
        var backend = Backend(Long);
        await backend.CreateElection("e", "a").CampaignAsync(Late);
        await backend.DisposeAsync();
        Assert.Equal("found 0 leases", (await Store.Server.CtlAsync("lease", "list")).Trim());
    }

    [Fact]
    public async Task SessionLostWhileEtcdWasAway_IsRevokedWhenItIsBack()
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        await Store.StopAsync();
        await Eventually.TrueAsync(() => !leader.IsValid, "the leader to stop");
        var lost = TimeProvider.System.GetTimestamp();
        await Eventually.TrueAsync(() => TimeProvider.System.GetElapsedTime(lost) > Store.Lease, "another lease to pass");
        // etcd gives the lease its whole time again, and nobody else could be elected meanwhile.
        await Store.StartAsync();
        await Eventually.GetAsync(() => Store.Server.CtlAsync("lease", "list"), list => list.Trim() == "found 0 leases", "the lease to be gone");
        // More than one when etcd was not ready for the first.
        Assert.NotEqual(0, await Store.Server.MetricAsync(Revocations));
        Assert.Equal(0, await Store.Server.MetricAsync("etcd_debugging_server_lease_expired_total"));
    }

    [Fact]
    public async Task Lease_OfEachSession_IsAnother()
    {
        var keys = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            await using var backend = Backend(Long);
            await backend.CreateElection("e", "a").CampaignAsync(Late);
            keys.Add(Assert.Single(await KeysAsync()));
        }
        Assert.Equal(3, keys.Distinct().Count());
    }

    [Fact]
    public async Task Waiter_WhoseLeaseIsRevoked_JoinsAnew()
    {
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        var (next, _) = await FollowAsync("b", Long);
        var before = await KeysAsync();
        await Store.Server.CtlAsync("lease", "revoke", LeaseOf(before[1]));
        await Eventually.GetAsync(KeysAsync, now => now.Length == 2 && now[1] != before[1], "the waiter to be back");
        await leader.ResignAsync(Late);
        Assert.True((await next).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Leader_WhoseLeaseIsRevoked_StopsAtOnceAndCanLeadAgain()
    {
        var election = Backend(Long).CreateElection("e", "a");
        var leader = await election.CampaignAsync(Late);
        await Store.Server.CtlAsync("lease", "revoke", LeaseOf(Assert.Single(await KeysAsync())));
        // Its next renewal is minutes away: only the watch can have told it.
        await Eventually.TrueAsync(() => !leader.IsValid, "the leader to hear of it");
        Assert.True((await election.CampaignAsync(Late)).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Waiter_WhoseKeyIsDeleted_JoinsAnewAtTheEnd()
    {
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        var (b, _) = await FollowAsync("b", Long);
        var (c, _) = await FollowAsync("c", Long);
        var before = await KeysAsync();
        await Store.Server.CtlAsync("del", before[1]);
        await Eventually.GetAsync(KeysAsync, now => now.Length == 3 && now[1] == before[2], "the waiter to be back, behind the other");
        await leader.ResignAsync(Late);
        var second = await c;
        Assert.False(b.IsCompleted);
        await second.ResignAsync(Late);
        Assert.True((await b).FencingToken > second.FencingToken);
    }

    [Fact]
    public async Task Waiter_WhosePredecessorWithdraws_DoesNotLeadYet()
    {
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        using var stop = new CancellationTokenSource();
        var (b, _) = await FollowAsync("b", Long, stop: stop.Token);
        var (c, backend) = await FollowAsync("c", Long);
        var asked = await Store.Server.MetricAsync(Transactions);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => b);
        // It has heard and looked: b's leaving and c's look are one transaction each.
        await Eventually.GetAsync(() => Store.Server.MetricAsync(Transactions), now => now >= asked + 2, "c to look");
        await FollowsAsync(backend);
        Assert.True(leader.IsValid);
        Assert.False(c.IsCompleted);
        await leader.ResignAsync(Late);
        Assert.Equal("c", (await c).CandidateId);
    }

    [Fact]
    public async Task Watch_OfOneWhoLeaves_EndsWithoutTheStreamOfTheOthers()
    {
        var leading = Backend(Long);
        var waiting = Backend(Long);
        for (var i = 0; i < 5; i++)
        {
            using var stop = new CancellationTokenSource();
            var leader = await leading.CreateElection("e", "a").CampaignAsync(Late);
            var other = await leading.CreateElection("e2", "a").CampaignAsync(Late);
            var leaves = waiting.CreateElection("e2", "b").CampaignAsync(stop.Token).AsTask();
            var next = waiting.CreateElection("e", "b").CampaignAsync(Late).AsTask();
            await Eventually.TrueAsync(() => waiting is LeaderElection.Leases.StoreBackend { FollowerCount: 2 }, "both to wait");
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
            await leader.ResignAsync(Late);
            await (await next).ResignAsync(Late);
            await other.ResignAsync(Late);
        }
        Assert.Equal(2, await Store.Server.MetricAsync(Watches));
        // What nobody waits for any more is not watched either.
        await Eventually.GetAsync(() => Store.Server.MetricAsync("etcd_debugging_mvcc_watcher_total"), left => left == 0, "the watches to be given back");
    }

    [Fact]
    public async Task Campaign_AtAServerWithoutGateway_ElectsAndHandsOver()
    {
        await using var server = await EtcdServer.StartNewAsync("--enable-grpc-gateway=false");
        var leader = await Backend(Long, server.Endpoint).CreateElection("e", "a").CampaignAsync(Late);
        var (next, _) = await FollowAsync("b", Long, server.Endpoint);
        await leader.ResignAsync(Late);
        Assert.True((await next).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task GrpcProxy_LeadershipIsKeptAndObserversHearOfEveryLeader()
    {
        await using var proxy = await EtcdGrpcProxy.StartNewAsync(Store.Server);
        var lease = TimeSpan.FromSeconds(8);
        var leader = await Backend(lease, proxy.Endpoint).CreateElection("e", "a").CampaignAsync(Late);
        await using var observer = Backend(Long, proxy.Endpoint).CreateElection("e", "o").ObserveAsync(Late).GetAsyncEnumerator(Late);
        Assert.True(await observer.MoveNextAsync());
        for (var i = 0; i < 2; i++)
        {
            var (next, _) = await FollowAsync($"c{i}", lease, proxy.Endpoint);
            await leader.ResignAsync(Late);
            leader = await next.WaitAsync(Eventually.Limit, TimeProvider.System);
            do
                Assert.True(await observer.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit, TimeProvider.System));
            while (observer.Current?.CandidateId != $"c{i}");
        }
        Assert.True(await Eventually.RenewedAsync(leader) && await Eventually.RenewedAsync(leader));
        Assert.DoesNotContain(Store.Log.Lines, l => l.Contains("renewal", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task KeyWithoutALease_InTheWay_IsNamedOnce()
    {
        await Store.Server.CtlAsync("put", "e/by-hand", "x");
        var (campaign, _) = await FollowAsync("a", Long);
        await LoggedAsync("e/by-hand stands in election e without a lease");
        await Store.Server.CtlAsync("del", "e/by-hand");
        await campaign;
    }

    [Fact]
    public async Task Watch_CutWhileTheLeaderResigned_GoesOnWhereItWas()
    {
        await using var proxy = new DroppingProxy(Store.Server.Port);
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        var (next, _) = await FollowAsync("b", Long, $"http://{proxy.Endpoint}");
        proxy.Drop();
        await leader.ResignAsync(Late);
        proxy.Cut();
        proxy.Resume();
        Assert.True((await next).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Watch_WhosePastIsCompactedAway_LooksAgain()
    {
        await using var proxy = new DroppingProxy(Store.Server.Port);
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        var (next, _) = await FollowAsync("b", Long, $"http://{proxy.Endpoint}");
        proxy.Drop();
        await leader.ResignAsync(Late);
        for (var i = 0; i < 5; i++)
            await Store.Server.CtlAsync("put", "other", $"{i}");
        var revision = (await Store.Server.CtlAsync("get", "other", "-w", "fields")).Split("\"Revision\" : ")[1].Split('\n')[0];
        await Store.Server.CtlAsync("compact", revision);
        proxy.Cut();
        proxy.Resume();
        Assert.True((await next).FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Endpoint_ThatGoesSilent_IsLeftForTheNextWithItsWatches()
    {
        await using var silent = new DroppingProxy(Store.Server.Port);
        await using var spare = new DroppingProxy(Store.Server.Port);
        var leader = await Backend(Long).CreateElection("e", "a").CampaignAsync(Late);
        var (next, backend) = await FollowAsync("b", TimeSpan.FromSeconds(16), $"http://{silent.Endpoint},http://{spare.Endpoint}");
        await Eventually.TrueAsync(() => backend.Watches.IsQuiet, "the watches to be open");
        Assert.Equal(0, spare.Accepted);
        var key = (await KeysAsync())[1];
        // The watch is on a connection that nobody will ever close: only a renewal without an answer tells.
        silent.Drop();
        await leader.ResignAsync(Late);
        Assert.True((await next).FencingToken > leader.FencingToken);
        Assert.Equal(key, Assert.Single(await KeysAsync()));
    }

    [Fact]
    public async Task Campaign_CalledOffWhileTheServerHangs_LeavesNothingBehind()
    {
        var hasty = Backend(Long);
        await (await hasty.CreateElection("e", "hasty").CampaignAsync(Late)).ResignAsync(Late);
        for (var i = 0; i < 3; i++)
        {
            Store.Server.Freeze();
            using var stop = new CancellationTokenSource();
            var campaign = hasty.CreateElection("e", "hasty").CampaignAsync(stop.Token).AsTask();
            if (i > 0)
                await LoggedAsync("no answer within");
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => campaign);
            Store.Server.Continue();
        }
        // The hasty one's lease lives on for minutes: were its key still there, nobody could be elected.
        await Backend(Long).CreateElection("e", "patient").CampaignAsync(Late);
    }

    [Fact]
    public async Task Open_LeaseShorterThanTheServerGrants_IsWarnedOfAndLeaderGoesByItsOwn()
    {
        var leader = await Backend(TimeSpan.FromSeconds(1)).CreateElection("e", "a").CampaignAsync(Late);
        await LoggedAsync("leases last 2 s at this server, not 1 s");
        Assert.InRange(leader.LeaseRemaining, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Idle_ThousandElectionsWithAFollower_OneKeepAliveEachAndFewLooksForAll()
    {
        var leaders = Backend(TimeSpan.FromSeconds(6));
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => leaders.CreateElection($"shard-{i}", "a").CampaignAsync(Late).AsTask()));
        var follower = Backend(TimeSpan.FromSeconds(6));
        _ = follower.CreateElection("shard-7", "b").CampaignAsync(Late).AsTask();
        await FollowsAsync(follower);
        await Eventually.TrueAsync(() => leaders.Watches.IsQuiet && follower.Watches.IsQuiet, "the watches to be open");
        var start = TimeProvider.System.GetTimestamp();
        var keepAlives = await Store.Server.MetricAsync(KeepAlives);
        var requests = await Store.Server.MetricAsync(Requests);
        await Eventually.GetAsync(() => Store.Server.MetricAsync(KeepAlives), now => now >= keepAlives + 6, "three renewals of each");
        var grown = await Store.Server.MetricAsync(Requests) - requests;
        // In each lease a thousand entries look in a few transactions, and the follower in one.
        var leases = 1 + (int)(TimeProvider.System.GetElapsedTime(start) / TimeSpan.FromSeconds(6));
        Assert.InRange(grown, 6, 8 + (leases * (4 + 12 + 1)));
        Assert.Equal(2, await Store.Server.MetricAsync(WatchStreams));
    }
}
