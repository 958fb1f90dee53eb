using LeaderElection.Redis;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>A cluster of three masters, of which the one with the elections has a replica: which hears of a lease later, and may be promoted before.</summary>
public sealed class RedisClusterTests : IAsyncLifetime
{
    private const int Slots = 16384;

    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private (RedisServer Server, string Bus)[] _servers = [];
    private RedisServer _master = null!;

    private RedisServer Replica => _servers[^1].Server;

    public async Task InitializeAsync()
    {
        _servers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            var bus = $"{FreePort.Next()}";
            return (await RedisServer.StartNewAsync("--cluster-enabled", "yes", "--cluster-port", bus), bus);
        }));
        var masters = _servers[..^1];
        for (var i = 0; i < masters.Length; i++)
        {
            await masters[i].Server.CliAsync("CLUSTER", "SET-CONFIG-EPOCH", $"{i + 1}");
            await masters[i].Server.CliAsync("CLUSTER", "ADDSLOTSRANGE", $"{Slots * i / masters.Length}", $"{(Slots * (i + 1) / masters.Length) - 1}");
        }
        foreach (var (server, bus) in _servers[1..])
            await masters[0].Server.CliAsync("CLUSTER", "MEET", "127.0.0.1", $"{server.Port}", bus);
        foreach (var (server, _) in _servers)
            await Eventually.GetAsync(() => server.CliAsync("CLUSTER", "INFO"), info => info.Contains("cluster_state:ok") && info.Contains("cluster_known_nodes:4"), "the cluster");
        var slot = int.Parse(await Replica.CliAsync("CLUSTER", "KEYSLOT", "{leader-election}"));
        _master = masters.Select(m => m.Server).ElementAt(slot * masters.Length / Slots);
        await Replica.CliAsync("CLUSTER", "REPLICATE", await _master.CliAsync("CLUSTER", "MYID"));
        await Eventually.GetAsync(() => Replica.CliAsync("INFO", "replication"), info => info.Contains("master_link_status:up"), "the replica");
    }

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_servers.Select(s => s.Server.DisposeAsync().AsTask()));
        _late.Dispose();
    }

    [Fact]
    public async Task ReplicaThatLagsIsPromoted_ElectsTheNextBesideTheLeader_WhoHearsOfIt()
    {
        await using var first = Backend();
        await using var second = Backend();
        // Both know the cluster, and the replica that there was a leader.
        await (await second.CreateElection("e", "b").CampaignAsync(_late.Token)).ResignAsync(_late.Token);
        await (await first.CreateElection("e", "a").CampaignAsync(_late.Token)).ResignAsync(_late.Token);
        await Eventually.GetAsync(
            async () => (await OffsetAsync(_master, "master_repl_offset"), await OffsetAsync(Replica, "slave_repl_offset")), offsets => offsets.Item1 == offsets.Item2, "the releases on the replica");
        // The master replicates no more.
        await _master.CliAsync("ACL", "SETUSER", "default", "-psync", "-sync");
        await _master.CliAsync("CLIENT", "KILL", "TYPE", "replica");
        await Eventually.GetAsync(() => Replica.CliAsync("INFO", "replication"), info => info.Contains("master_link_status:down"), "the replica to be cut off");
        var leader = await first.CreateElection("e", "a").CampaignAsync(_late.Token);
        await _master.KillAsync();
        Assert.True(leader.IsValid);
        Assert.Equal("OK", await Replica.CliAsync("CLUSTER", "FAILOVER", "TAKEOVER"));

        // This is the gap: the leader has ten minutes to believe, as far as it knows. What it writes to can tell them apart.
        var next = await second.CreateElection("e", "b").CampaignAsync(_late.Token);
        Assert.True(next.FencingToken > leader.FencingToken);
        // Servers that can be reached tell it of the end as soon as it asks, or hears of the next.
        await Eventually.TrueAsync(() => !leader.IsValid, "the leader to hear of its end");
        Assert.NotEqual(LeadershipEnd.Resigned, leader.EndReason);
        Assert.True(next.IsValid);
    }

    private static async Task<string> OffsetAsync(RedisServer server, string name) =>
        (await server.CliAsync("INFO", "replication")).Split('\n').Single(line => line.StartsWith($"{name}:", StringComparison.Ordinal)).Split(':')[1].Trim();

    private RedisElectionBackend Backend() => new(new RedisElectionOptions
    {
        ConnectionString = string.Join(',', _servers.Select(s => s.Server.Endpoint)),
        LeaseDuration = TimeSpan.FromMinutes(10),
    });
}
