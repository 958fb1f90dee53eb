using LeaderElection.Leases;
using LeaderElection.Redis;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

public sealed class RedisStore : EntryStore
{
    private RedisStore(RedisServer server) => Server = server;

    public RedisServer Server { get; }

    public static async Task<RedisStore> StartNewAsync() => new(await RedisServer.StartNewAsync());

    public override Task StopAsync() => Server.KillAsync();

    public override Task StartAsync() => Server.StartAsync();

    public override Task DeleteEntryAsync(string election) => Server.CliAsync("DEL", $"{{leader-election}}:election:{election}");

    public override async Task LoseLeasesAsync(Func<Task> noticed)
    {
        await Server.CliAsync("EVAL", "return redis.call('DEL', unpack(redis.call('KEYS', ARGV[1])))", "0", "{leader-election}:lease:*");
        await noticed();
    }

    public override ValueTask DisposeAsync() => Server.DisposeAsync();

    protected override IElectionBackend Create(Action<LeaseOptions> configure)
    {
        var options = new RedisElectionOptions { ConnectionString = Server.Endpoint };
        configure(options);
        return new RedisElectionBackend(options, Log.For<RedisElectionBackend>());
    }
}
