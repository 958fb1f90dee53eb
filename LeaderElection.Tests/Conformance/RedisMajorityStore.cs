using LeaderElection.Leases;
using LeaderElection.Redis;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>Three independent Redis servers, one of which may be of no use.</summary>
public sealed class RedisMajorityStore : Store, INetworkStore
{
    private readonly ServerFault _fault;

    private RedisMajorityStore(ServerFault fault, RedisServer[] servers) => (_fault, Servers) = (fault, servers);

    public IReadOnlyList<RedisServer> Servers { get; }

    public string ConnectionString => string.Join(';', Servers.Select(s => s.Endpoint));

    public static async Task<RedisMajorityStore> StartNewAsync(ServerFault fault = ServerFault.None)
    {
        var store = new RedisMajorityStore(fault, await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => RedisServer.StartNewAsync())));
        try
        {
            foreach (var server in store.Servers)
                await TrustAsync(server);
            await store.BreakAsync();
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>Has the server pass for one that has been in service for long; else it would not vote for one lease.</summary>
    public static async Task TrustAsync(RedisServer server)
    {
        var run = (await server.CliAsync("INFO", "server")).Split('\n').Single(l => l.StartsWith("run_id:", StringComparison.Ordinal)).Trim()["run_id:".Length..];
        await server.CliAsync("SET", "{leader-election}:since", $"{run} 0");
    }

    public override async Task StopAsync()
    {
        foreach (var server in Servers.Where(s => s.IsRunning))
            await server.KillAsync();
    }

    public override async Task StartAsync()
    {
        foreach (var server in Servers)
            await server.StartAsync();
        await BreakAsync();
    }

    /// <summary>Deletes the election's entry on all servers that answer.</summary>
    public async Task DeleteEntryAsync(string election)
    {
        foreach (var server in Servers.Take(_fault is ServerFault.Dead or ServerFault.Frozen ? 2 : 3))
            await server.CliAsync("DEL", $"{{leader-election}}:election:{election}");
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var server in Servers)
            await server.DisposeAsync();
    }

    public StoreLine OpenLine() => new([.. Servers.Select(s => s.Port)]);

    public IElectionBackend CreateBackend(StoreLine line, TimeSpan lease) => Create(options => options.LeaseDuration = lease, string.Join(';', line.Endpoints));

    /// <remarks>What all servers have, votes too.</remarks>
    public async Task<int> EntriesAsync(string election)
    {
        var entries = await Task.WhenAll(Servers.Select(s => s.CliAsync("GET", $"{{leader-election}}:election:{election}")));
        return Array.TrueForAll(entries, e => e.Split(' ').Length >= 5) ? 1 : 0;
    }

    public bool LoseNews(Span<byte> answers) => RedisStore.LoseMessages(answers);

    protected override IElectionBackend Create(Action<LeaseOptions> configure) => Create(configure, ConnectionString);

    private RedisElectionBackend Create(Action<LeaseOptions> configure, string connectionString)
    {
        var options = new RedisElectionOptions { ConnectionString = connectionString };
        configure(options);
        return new RedisElectionBackend(options, Log.For<RedisElectionBackend>());
    }

    private async Task BreakAsync()
    {
        switch (_fault)
        {
            case ServerFault.Dead:
                await Servers[2].KillAsync();
                break;
            case ServerFault.Frozen:
                Servers[2].Freeze();
                break;
            case ServerFault.Emptied:
                await Servers[2].CliAsync("FLUSHALL");
                break;
        }
    }
}
