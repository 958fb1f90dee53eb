using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using LeaderElection.Tests.History;
using LeaderElection.Tests.Servers;
using LeaderElection.Tests.ZooKeeper;

namespace LeaderElection.Tests.Chaos;

/// <summary>Servers on loopback, each behind a proxy for each candidate.</summary>
internal sealed class ServerStore : ChaosStore
{
    private readonly string _name;
    private readonly ChaosRun _run;
    private readonly StoreServer[] _servers;
    private readonly ServerNetworks? _networks;
    private readonly ConcurrentDictionary<string, DroppingProxy[]> _lines = new();

    private ServerStore(string name, ChaosRun run, StoreServer[] servers, ServerNetworks? networks) => (_name, _run, _servers, _networks) = (name, run, servers, networks);

    public override string Strategy => _name == "redis3" ? "redis" : _name;

    public override TimeSpan FailOver => _name switch
    {
        // Elections in the ensemble, and sessions that start anew with each of its leaders; a busy machine runs some of it twice.
        "zookeeper" => TimeSpan.FromSeconds(6),
        "etcd" => TimeSpan.FromSeconds(3),
        // A server that came back does not vote for one lease; nor does a candidate that comes after the leader believe a
        // server's clock, which says that the lease is over.
        "redis" or "redis3" => _run.LongestLease,
        _ => TimeSpan.Zero,
    };

    public override IEnumerable<ChaosAction> Actions =>
    [
        new(ChaosFault.ServerKilled, 3, ServerKilledAsync), new(ChaosFault.ServerFrozen, 3, ServerFrozenAsync),
        new(ChaosFault.EntryDeleted, 1, EntryDeletedAsync),
        .. When(_name == "etcd", new ChaosAction(ChaosFault.ServerFrozenThenKilled, 2, ServerFrozenThenKilledAsync)),
        .. When(_name == "etcd", new ChaosAction(ChaosFault.AllRestored, 2, new SnapshotFault(_run, [.. _servers.OfType<EtcdServer>()], () => [.. _lines.Values.SelectMany(l => l)]).RestoreAsync)),
        .. When(_networks is not null, new ChaosAction(ChaosFault.ServersCutOff, 4, ServersCutOffAsync)),
        .. When(_servers.Length > 1, new ChaosAction(ChaosFault.AllRestarted, 1, AllRestartedAsync)),
        .. When(_name == "redis3", new ChaosAction(ChaosFault.ServerEmptied, 2, EmptiedAsync)),
        .. When(_name is "redis3" or "zookeeper", new ChaosAction(ChaosFault.ServerRestored, 2, RestoredAsync)),
        .. When(_name == "redis3" && RedisServer.CanStepClock, new ChaosAction(ChaosFault.ClockStepped, 3, ClockSteppedAsync)),
    ];

    public override IEnumerable<ChaosAction> LineActions =>
    [
        .. new LineFaults(_run, this, LinesOf).Actions, new(ChaosFault.EventsLost, 3, EventsLostAsync),
        .. When(_servers.Length > 1, new ChaosAction(ChaosFault.ViewsDiffer, 2, ViewsDifferAsync)),
    ];

    public static async Task<ServerStore> StartServersAsync(string name, ChaosRun run)
    {
        var networks = run.Options.HasNetworks && name is ("etcd" or "zookeeper") ? await ServerNetworks.CreateAsync(3) : null;
        try
        {
            return new(name, run, await StartServersAsync(name, networks), networks);
        }
        catch
        {
            if (networks is not null)
                await networks.DisposeAsync();
            throw;
        }
    }

    public override string Endpoint(string candidate)
    {
        var lines = _lines.GetOrAdd(candidate, _ => [.. _servers.Select(s => new DroppingProxy(Port(s), Address(s), address: _run.NetworkOf(candidate)?.HostAddress, messages: Messages))]);
        return string.Join(_name == "redis3" ? ';' : ',', lines.Select(l => _name == "etcd" ? $"http://{l.Endpoint}" : l.Endpoint));
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
        foreach (var line in _lines.Values.SelectMany(lines => lines))
            await line.DisposeAsync();
        if (_networks is not null)
            await _networks.DisposeAsync();
    }

    private static async Task<StoreServer[]> StartServersAsync(string name, ServerNetworks? networks) => name switch
    {
        "redis3" when RedisServer.CanStepClock => [.. await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => RedisServer.StartNewWithClockAsync()))],
        "redis" => [await RedisServer.StartNewAsync()],
        "redis3" => [.. await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => RedisServer.StartNewAsync()))],
        "etcd" => [.. (await EtcdCluster.StartNewAsync(networks?.Hosts)).Members],
        "zookeeper" => [.. (await ZooKeeperEnsemble.StartNewAsync(networks?.Hosts)).Members],
        _ => throw new ArgumentException($"there is no strategy '{name}'"),
    };

    private static string? Address(StoreServer server) => server switch
    {
        EtcdServer etcd => etcd.Address,
        ZooKeeperServer zooKeeper => zooKeeper.Address,
        _ => null,
    };

    private static int Port(StoreServer server) => server switch
    {
        RedisServer redis => redis.Port,
        EtcdServer etcd => etcd.Port,
        _ => ((ZooKeeperServer)server).Port,
    };

    private Task ServerKilledAsync(ChaosShot shot, CancellationToken stop) => OneServerAsync(shot, async server =>
    {
        await server.KillAsync();
        await _run.HoldAsync(shot.Length(TimeSpan.Zero, _run.Lease * 1.5), stop);
        await server.StartAsync();
        await HoldWhileItDoesNotVoteAsync(stop);
    });

    private static IEnumerable<ChaosAction> When(bool possible, ChaosAction action) => possible ? [action] : [];

    private ChaosLine[] LinesOf(string candidate) => [.. _lines[candidate].Select(proxy => new ChaosLine(proxy))];

    private MessageFilter Messages() => _name switch
    {
        "etcd" => new EtcdMessages(),
        "zookeeper" => new ZooKeeperMessages(),
        _ => new RedisMessages(),
    };

    private Task ServerFrozenAsync(ChaosShot shot, CancellationToken stop) => OneServerAsync(shot, async server =>
    {
        server.Freeze();
        await _run.HoldAsync(shot.Length(_run.Lease * 0.2, _run.Lease * 2.2), stop);
        server.Continue();
    });

    private Task ServerFrozenThenKilledAsync(ChaosShot shot, CancellationToken stop) => OneServerAsync(shot, async server =>
    {
        server.Freeze();
        await _run.HoldAsync(shot.Length(_run.Lease * 0.2, _run.Lease * 2), stop);
        await server.KillAsync();
        await server.StartAsync();
    });

    /// <summary>Takes one server away, which matters only where it is the only one.</summary>
    private async Task OneServerAsync(ChaosShot shot, Func<StoreServer, Task> take)
    {
        var server = shot.Target % _servers.Length;
        // Thawed, the one that led the others may revoke leases that they renewed meanwhile: etcd's fault, mended in 3.4.31
        // and 3.5.13 (its issue 15247).
        if (shot.Action.Fault == ChaosFault.ServerFrozen && _servers[server] is EtcdServer etcd && await etcd.MetricAsync("etcd_server_is_leader") == 1)
            server = (server + 1) % _servers.Length;
        using (_run.Fault($"server {server} {shot.Action.Fault}", takesStore: _servers.Length == 1))
            await take(_servers[server]);
    }

    private async Task ServersCutOffAsync(ChaosShot shot, CancellationToken stop)
    {
        var server = shot.Target % _servers.Length;
        var others = Enumerable.Range(0, _servers.Length).Where(i => i != server);
        // One time in three from a single one, and one in four one way.
        if (shot.Target / 10 % 3 == 0)
            others = others.Take(1);
        var ways = others.Select(other => (server, other)).ToList();
        if (shot.Target / 30 % 4 > 0)
            ways.AddRange([.. ways.Select(way => (way.other, way.server))]);
        using (_run.Fault($"servers cut off, from and to: {string.Join(' ', ways)}", takesStore: false))
        {
            foreach (var (from, to) in ways)
                await _networks!.CutAsync(from, to);
            await _run.HoldAsync(shot.Length(_run.Lease * 0.5, _run.Lease * 3), stop);
            foreach (var (from, to) in ways)
                await _networks!.ResumeAsync(from, to);
        }
    }

    private async Task AllRestartedAsync(ChaosShot shot, CancellationToken stop)
    {
        using (_run.Fault("all servers restarted", takesStore: true))
        {
            await Task.WhenAll(_servers.Select(s => s.KillAsync()));
            await _run.HoldAsync(shot.Length(TimeSpan.Zero, _run.Lease), stop);
            await Task.WhenAll(_servers.Select(s => s.StartAsync()));
        }
    }

    private async Task EmptiedAsync(ChaosShot shot, CancellationToken stop)
    {
        var server = shot.Target % _servers.Length;
        using (_run.Fault($"server {server} emptied", takesStore: false))
        {
            await ((RedisServer)_servers[server]).CliAsync("FLUSHALL");
            await HoldWhileItDoesNotVoteAsync(stop);
        }
    }

    private Task RestoredAsync(ChaosShot shot, CancellationToken stop) => OneServerAsync(shot, async server =>
    {
        await server.KillAsync();
        server.BackUp();
        await server.StartAsync();
        await HoldWhileItDoesNotVoteAsync(stop);
        await _run.HoldAsync(shot.Length(TimeSpan.Zero, _run.Lease), stop);
        await server.KillAsync();
        server.Restore();
        await server.StartAsync();
        await HoldWhileItDoesNotVoteAsync(stop);
    });

    private Task ClockSteppedAsync(ChaosShot shot, CancellationToken stop) => OneServerAsync(shot, async server =>
    {
        var redis = (RedisServer)server;
        var by = shot.Length(_run.Lease * 0.5, _run.Lease * 3) * (shot.Loses ? 1 : -1);
        await redis.StepClockAsync(by);
        // And right again.
        await HoldWhileItDoesNotVoteAsync(stop);
        await redis.StepClockAsync(-by);
        await HoldWhileItDoesNotVoteAsync(stop);
    });

    /// <summary>A server that starts does not vote for one lease, nor may others for as long be in trouble: a second one must not be missing as well.</summary>
    private Task HoldWhileItDoesNotVoteAsync(CancellationToken stop) =>
        _name == "redis3" ? _run.HoldAsync(_run.LongestLease * 1.5, stop) : Task.CompletedTask;

    private async Task EventsLostAsync(ChaosShot shot, CancellationToken stop)
    {
        var lines = _run.Cluster.Candidates.SelectMany(candidate => _lines[candidate]).ToArray();
        using (_run.Fault("events lost", takesStore: false))
        {
            foreach (var line in lines)
                line.LoseEvents();
            await _run.ResignLeaderAsync(_run.ElectionOf(shot), TimeSpan.Zero);
            await _run.HoldAsync(_run.Lease / 2, stop);
            foreach (var line in lines)
                line.Resume();
        }
    }

    private async Task ViewsDifferAsync(ChaosShot shot, CancellationToken stop)
    {
        var lines = _run.Cluster.Candidates.Order().Select((candidate, i) => _lines[candidate][(i + shot.Target) % _servers.Length]).ToArray();
        using (_run.Fault("views differ", takesStore: false))
        {
            foreach (var line in lines)
                line.Drop();
            await _run.HoldAsync(shot.Length(_run.Lease, _run.Lease * 3), stop);
            foreach (var line in lines)
            {
                if (shot.Loses)
                    line.Cut();
                line.Resume();
            }
        }
    }

    private Task EntryDeletedAsync(ChaosShot shot, CancellationToken stop) => _run.DeleteEntryAsync(shot, stop, election => Strategy switch
    {
        "etcd" => DeleteFirstKeyAsync((EtcdServer)_servers[shot.Target % _servers.Length], election),
        "zookeeper" => DeleteFirstNodeAsync(election),
        _ => Task.WhenAll(_servers.Cast<RedisServer>().Select(s => s.CliAsync("DEL", $"{{leader-election}}:election:{election}"))),
    });

    private async Task DeleteFirstKeyAsync(EtcdServer server, string election)
    {
        try
        {
            using var found = JsonDocument.Parse(await server.CtlAsync(
                "get", "--prefix", $"{election}/", "--sort-by", "CREATE", "--limit", "1", "--write-out", "json"));
            if (!found.RootElement.TryGetProperty("kvs", out var keys))
                return;
            await DeleteAsync(
                election, keys[0].GetProperty("create_revision").GetInt64(), () => server.CtlAsync("del", Encoding.UTF8.GetString(keys[0].GetProperty("key").GetBytesFromBase64())));
        }
        catch (InvalidOperationException)
        {
            // The cluster has no leader yet since the last fault: then this one falls out.
        }
    }

    private async Task DeleteFirstNodeAsync(string election)
    {
        await using var client = TestClient.Create(string.Join(',', _servers.Cast<ZooKeeperServer>().Select(s => s.Endpoint)));
        try
        {
            var parent = $"/election/{election}";
            if ((await client.GetChildrenAsync(parent)).Required().Order().FirstOrDefault() is not { } first)
                return;
            var node = await client.GetDataAsync($"{parent}/{first}");
            if (node.IsOk)
                await DeleteAsync(election, node.Value!.Stat.Czxid, async () => (await client.DeleteAsync($"{parent}/{first}")).Required());
        }
        catch (ElectionStoreException)
        {
            // It left by itself, or the ensemble has no leader yet since the last fault: then this one falls out.
        }
    }

    /// <summary>In a queue the next is elected at once, beside a leader that hears of it at the same time: I1 is not promised for that moment.</summary>
    private async Task DeleteAsync(string election, long token, Func<Task> delete)
    {
        var at = HistoryEvent.Now;
        try
        {
            await delete();
        }
        finally
        {
            _run.EntryDeleted(election, token, at);
        }
    }
}
