using System.Text.RegularExpressions;
using LeaderElection.Redis;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>Scripts touch no key that their call does not name: other servers of the protocol, and proxies, refuse it, and a cluster cannot route it.</summary>
public sealed partial class RedisKeysTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private RedisMajorityStore _store = null!;

    public async Task InitializeAsync() => _store = await RedisMajorityStore.StartNewAsync();

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _late.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Scripts_TouchOnlyKeysThatTheyAreGiven(int servers)
    {
        var server = _store.Servers[0];
        await using var monitor = ChildProcess.Start("redis-cli", ["-p", $"{server.Port}", "MONITOR"]);
        await monitor.WaitForLineAsync("OK");
        var connectionString = string.Join(';', _store.Servers.Take(servers).Select(s => s.Endpoint));
        await using var first = new RedisElectionBackend(new() { ConnectionString = connectionString, LeaseDuration = TimeSpan.FromSeconds(2) });
        await using var second = new RedisElectionBackend(new() { ConnectionString = connectionString, LeaseDuration = TimeSpan.FromSeconds(2) });
        var leader = await first.CreateElection("e", "a").CampaignAsync(_late.Token);
        var next = second.CreateElection("e", "b").CampaignAsync(_late.Token).AsTask();
        await Eventually.TrueAsync(() => second.FollowerCount == 1, "the follower to wait");
        if (servers == 1)
            Assert.True(await first.SetAsync(leader, "{leader-election}:mine", "x", _late.Token));
        var entry = await server.CliAsync("GET", "{leader-election}:election:e");
        await server.CliAsync("DEL", "{leader-election}:election:e");
        // One server has it waited out; on one of several it is entered again.
        if (servers == 1)
            leader = await next;
        else
            await Eventually.GetAsync(() => server.CliAsync("GET", "{leader-election}:election:e"), now => now == entry, "the entry");
        await leader.ResignAsync(_late.Token);
        await server.CliAsync("ECHO", "the end");
        await monitor.WaitForLineAsync("the end");

        HashSet<string> named = [];
        var touched = 0;
        foreach (var line in monitor.StandardOutput)
        {
            var words = Words().Matches(line).Select(m => m.Groups[1].Value).ToArray();
            if (words is [])
                continue;
            var command = words[0].ToUpperInvariant();
            if (command is "EVAL" or "EVALSHA")
                named = [.. words[3..(3 + int.Parse(words[2]))]];
            if (!line.Contains(" lua] ", StringComparison.Ordinal) || command is "TIME" or "INFO" or "PUBLISH")
                continue;
            var keys = command is "MGET" or "DEL" or "EXISTS" ? words[1..] : words[1..2];
            Assert.All(keys, key => Assert.True(named.Contains(key), $"{key} in: {line}"));
            touched += keys.Length;
        }
        Assert.InRange(touched, 20, int.MaxValue);
    }

    [GeneratedRegex("\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Words();
}
