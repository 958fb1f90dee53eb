using LeaderElection.Leases;
using LeaderElection.Redis;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

public sealed class RedisStore : EntryStore
{
    private readonly string _settings;

    private RedisStore(RedisServer server, string settings) => (Server, _settings) = (server, settings);

    public RedisServer Server { get; }

    /// <param name="settings">What else the connection string says.</param>
    public static async Task<RedisStore> StartNewAsync(string settings = "") => new(await RedisServer.StartNewAsync(), settings);

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
        var options = new RedisElectionOptions { ConnectionString = Server.Endpoint + _settings };
        configure(options);
        return new RedisElectionBackend(options, Log.For<RedisElectionBackend>());
    }
}
