using System.Globalization;
using LeaderElection.Benchmarks.Measures;
using LeaderElection.Tests.Servers;
using StackExchange.Redis;

namespace LeaderElection.Benchmarks.Stores;

internal sealed class RedisStore : Store
{
    private readonly ConnectionMultiplexer _connection;

    private RedisStore(RedisServer? server, string endpoints, ConnectionMultiplexer connection) : base("redis", server)
    {
        _connection = connection;
        Endpoints = endpoints;
    }

    public override string Endpoints { get; }

    /// <param name="settings">Further arguments of redis-server.</param>
    public static async Task<RedisStore> StartAsync(string? endpoints, params string[] settings)
    {
        var server = endpoints is null ? await RedisServer.StartNewAsync(settings) : null;
        try
        {
            endpoints ??= server!.Endpoint;
            var store = new RedisStore(server, endpoints, await ConnectionMultiplexer.ConnectAsync(endpoints + ",abortConnect=true,allowAdmin=true"));
            var info = await store.InfoAsync("server");
            var settingsNow = string.Join(", ", await store.SettingAsync("appendonly"), await store.SettingAsync("appendfsync"), await store.SettingAsync("save"));
            store.Description = $"redis {info["redis_version"]}, {settingsNow}";
            return store;
        }
        catch
        {
            if (server is not null)
                await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The key whose end ends the leadership: the lock of a peer, or the lease of our process that leads.</summary>
    public async Task<string> LeaseKeyAsync(string election, bool isOurs)
    {
        if (!isOurs)
            return election;
        var entry = (string?)await _connection.GetDatabase().StringGetAsync($"{{leader-election}}:election:{election}")
            ?? throw new MeasureException($"{election}: there is no entry of it on Redis");
        return $"{{leader-election}}:lease:{entry.Split(' ')[0]}";
    }

    /// <summary>How long the key lives on, in ms.</summary>
    public async Task<double> TimeToLiveAsync(string key) => (double)await _connection.GetDatabase().ExecuteAsync("PTTL", key);

    /// <summary>Commands, those of scripts among them.</summary>
    public override async Task<double?> RequestsAsync() =>
        (await InfoAsync("commandstats")).Values.Sum(stat => double.Parse(stat.Split("calls=")[1].Split(',')[0], CultureInfo.InvariantCulture));

    public override async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task<Dictionary<string, string>> InfoAsync(string section) =>
        ((string?)await _connection.GetDatabase().ExecuteAsync("INFO", section))!
            .Split('\n', StringSplitOptions.TrimEntries)
            .Where(line => line.Contains(':', StringComparison.Ordinal))
            .ToDictionary(line => line[..line.IndexOf(':', StringComparison.Ordinal)], line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..]);

    private async Task<string> SettingAsync(string name)
    {
        var answer = (RedisResult[]?)await _connection.GetDatabase().ExecuteAsync("CONFIG", "GET", name);
        return $"{name} {((string?)answer![1] is { Length: > 0 } value ? value : "off")}";
    }
}
