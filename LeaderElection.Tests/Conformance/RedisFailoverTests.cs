using LeaderElection.Redis;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>What a single Redis cannot promise: its replicas hear of a lease later, and one of them may be promoted before.</summary>
public sealed class RedisFailoverTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private RedisServer _primary = null!;
    private DroppingProxy _line = null!;
    private RedisServer _replica = null!;

    public async Task InitializeAsync()
    {
        _primary = await RedisServer.StartNewAsync();
        _line = new DroppingProxy(_primary.Port);
        _replica = await RedisServer.StartNewAsync("--replicaof", "127.0.0.1", $"{_line.Port}");
        await Eventually.GetAsync(() => _replica.CliAsync("INFO", "replication"), info => info.Contains("master_link_status:up"), "the replica");
    }

    public async Task DisposeAsync()
    {
        await _primary.DisposeAsync();
        await _line.DisposeAsync();
        await _replica.DisposeAsync();
        _late.Dispose();
    }

    [Fact]
    public async Task ReplicaThatLagsIsPromoted_ElectsANewCandidateBesideTheLeader_UnderAHigherToken()
    {
        await using var first = Backend(_primary);
        await (await first.CreateElection("e", "a").CampaignAsync(_late.Token)).ResignAsync(_late.Token);
        await Eventually.GetAsync(() => _replica.CliAsync("GET", "{leader-election}:election:e"), entry => entry.StartsWith("- ", StringComparison.Ordinal), "the release on the replica");
        _line.Drop();
        var leader = await first.CreateElection("e", "a").CampaignAsync(_late.Token);
        await _primary.KillAsync();
        await _replica.CliAsync("REPLICAOF", "NO", "ONE");

        await using var second = Backend(_replica);
        var next = await second.CreateElection("e", "b").CampaignAsync(_late.Token);
        // This is the gap: two believe. What they write to can tell them apart.
        Assert.True(leader.IsValid);
        Assert.True(next.FencingToken > leader.FencingToken);
        var gate = new FencingGate();
        Assert.True(gate.TryEnter(next.FencingToken));
        Assert.False(gate.TryEnter(leader.FencingToken));
    }

    private static RedisElectionBackend Backend(RedisServer server) =>
        new(new RedisElectionOptions { ConnectionString = server.Endpoint, LeaseDuration = TimeSpan.FromMinutes(10) });
}
