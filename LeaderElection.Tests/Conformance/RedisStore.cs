using LeaderElection.Leases;
using LeaderElection.Redis;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

public sealed class RedisStore : EntryStore, INetworkStore
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

    public StoreLine OpenLine() => new(Server.Port);

    public IElectionBackend CreateBackend(StoreLine line, TimeSpan lease) => Create(options => options.LeaseDuration = lease, line.Endpoints.Single());

    public async Task<int> EntriesAsync(string election) =>
        (await Server.CliAsync("GET", $"{{leader-election}}:election:{election}")).Split(' ').Length == 5 ? 1 : 0;

    public bool LoseNews(Span<byte> answers) => LoseMessages(answers);

    /// <summary>Has the messages in what a server sends tell nothing.</summary>
    internal static bool LoseMessages(Span<byte> answers)
    {
        var lost = false;
        foreach (var word in (byte[][])["released "u8.ToArray(), "elected "u8.ToArray(), "ended "u8.ToArray()])
        {
            for (int at; (at = answers.IndexOf(word)) >= 0; lost = true)
                answers[at] = (byte)'-';
        }
        return lost;
    }

    protected override IElectionBackend Create(Action<LeaseOptions> configure) => Create(configure, Server.Endpoint);

    private RedisElectionBackend Create(Action<LeaseOptions> configure, string endpoint)
    {
        var options = new RedisElectionOptions { ConnectionString = endpoint + _settings };
        configure(options);
        return new RedisElectionBackend(options, Log.For<RedisElectionBackend>());
    }
}
