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
    private readonly ConcurrentDictionary<string, DroppingProxy[]> _lines = new();

    private ServerStore(string name, ChaosRun run, StoreServer[] servers) => (_name, _run, _servers) = (name, run, servers);

    public override string Strategy => _name == "redis3" ? "redis" : _name;

    public override TimeSpan FailOver => _name switch
    {
        // Elections in the ensemble, and sessions that start anew with each of its leaders; a busy machine runs some of it twice.
        "zookeeper" => TimeSpan.FromSeconds(6),
        "etcd" => TimeSpan.FromSeconds(3),
        // A server that came back does not vote for one lease; nor does a candidate that comes after the leader believe a
        // server's clock, which says that the lease is over.
        "redis" or "redis3" => _run.Lease,
        _ => TimeSpan.Zero,
    };

    public override IEnumerable<ChaosAction> Actions =>
    [
        new(ChaosFault.ServerKilled, 3, ServerKilledAsync), new(ChaosFault.ServerFrozen, 3, ServerFrozenAsync),
        .. _servers.Length > 1 ? [new ChaosAction(ChaosFault.AllRestarted, 1, AllRestartedAsync)] : Array.Empty<ChaosAction>(),
        .. _name == "redis3" ? [new ChaosAction(ChaosFault.ServerEmptied, 2, EmptiedAsync)] : Array.Empty<ChaosAction>(),
        new(ChaosFault.EntryDeleted, 1, EntryDeletedAsync),
    ];

    public override IEnumerable<ChaosAction> LineActions =>
        new LineFaults(_run, this, candidate => [.. _lines[candidate].Select(proxy => new ChaosLine(proxy))]).Actions;

    public static async Task<ServerStore> StartServersAsync(string name, ChaosRun run) => new(name, run, name switch
    {
        "redis" => [await RedisServer.StartNewAsync()],
        "redis3" => [.. await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => RedisServer.StartNewAsync()))],
        "etcd" => [.. (await EtcdCluster.StartNewAsync()).Members],
        "zookeeper" => [.. (await ZooKeeperEnsemble.StartNewAsync()).Members],
        _ => throw new ArgumentException($"there is no strategy '{name}'"),
    });

    public override string Endpoint(string candidate)
    {
        var lines = _lines.GetOrAdd(candidate, _ => [.. _servers.Select(s => new DroppingProxy(Port(s), address: _run.NetworkOf(candidate)?.HostAddress))]);
        return string.Join(_name == "redis3" ? ';' : ',', lines.Select(l => _name == "etcd" ? $"http://{l.Endpoint}" : l.Endpoint));
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
        foreach (var line in _lines.Values.SelectMany(lines => lines))
            await line.DisposeAsync();
    }

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
        // It does not vote for one lease: a second server must not be missing as well.
        if (_name == "redis3")
            await _run.HoldAsync(_run.Lease * 1.5, stop);
    });

    private Task ServerFrozenAsync(ChaosShot shot, CancellationToken stop) => OneServerAsync(shot, async server =>
    {
        server.Freeze();
        await _run.HoldAsync(shot.Length(_run.Lease * 0.2, _run.Lease * 2), stop);
        if (server is EtcdServer)
        {
            // Thawed, the one that led the others may revoke leases that they renewed meanwhile: etcd's fault, mended in 3.4.31
            // and 3.5.13 (its issue 15247).
            await server.KillAsync();
            await server.StartAsync();
            return;
        }
        server.Continue();
    });

    /// <summary>Takes one server away, which matters only where it is the only one.</summary>
    private async Task OneServerAsync(ChaosShot shot, Func<StoreServer, Task> take)
    {
        var server = shot.Target % _servers.Length;
        using (_run.Fault($"server {server} {shot.Action.Fault}", takesStore: _servers.Length == 1))
            await take(_servers[server]);
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
            // As above: a second server must not be missing as well.
            await _run.HoldAsync(_run.Lease * 1.5, stop);
        }
    }

    private Task EntryDeletedAsync(ChaosShot shot, CancellationToken stop) => _run.DeleteEntryAsync(shot, stop, () => Strategy switch
    {
        "etcd" => DeleteFirstKeyAsync((EtcdServer)_servers[shot.Target % _servers.Length]),
        "zookeeper" => DeleteFirstNodeAsync(),
        _ => Task.WhenAll(_servers.Cast<RedisServer>().Select(s => s.CliAsync("DEL", $"{{leader-election}}:election:{Election}"))),
    });

    private async Task DeleteFirstKeyAsync(EtcdServer server)
    {
        try
        {
            using var found = JsonDocument.Parse(await server.CtlAsync(
                "get", "--prefix", $"{Election}/", "--sort-by", "CREATE", "--limit", "1", "--write-out", "json"));
            if (!found.RootElement.TryGetProperty("kvs", out var keys))
                return;
            await DeleteAsync(
                keys[0].GetProperty("create_revision").GetInt64(), () => server.CtlAsync("del", Encoding.UTF8.GetString(keys[0].GetProperty("key").GetBytesFromBase64())));
        }
        catch (InvalidOperationException)
        {
            // The cluster has no leader yet since the last fault: then this one falls out.
        }
    }

    private async Task DeleteFirstNodeAsync()
    {
        await using var client = TestClient.Create(string.Join(',', _servers.Cast<ZooKeeperServer>().Select(s => s.Endpoint)));
        try
        {
            var parent = $"/election/{Election}";
            if ((await client.GetChildrenAsync(parent)).Required().Order().FirstOrDefault() is not { } first)
                return;
            var node = await client.GetDataAsync($"{parent}/{first}");
            if (node.IsOk)
                await DeleteAsync(node.Value!.Stat.Czxid, async () => (await client.DeleteAsync($"{parent}/{first}")).Required());
        }
        catch (ElectionStoreException)
        {
            // It left by itself, or the ensemble has no leader yet since the last fault: then this one falls out.
        }
    }

    /// <summary>In a queue the next is elected at once, beside a leader that hears of it at the same time: I1 is not promised for that moment.</summary>
    private async Task DeleteAsync(long token, Func<Task> delete)
    {
        var at = HistoryEvent.Now;
        try
        {
            await delete();
        }
        finally
        {
            _run.EntryDeleted(token, at);
        }
    }
}
