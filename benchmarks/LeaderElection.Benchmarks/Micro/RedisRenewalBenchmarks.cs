using BenchmarkDotNet.Attributes;
using LeaderElection.Leases;
using LeaderElection.Redis;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Benchmarks.Micro;

/// <summary>One renewal of a process's lease and of all that it leads, on a real server.</summary>
public class RedisRenewalBenchmarks
{
    private const string LeaseId = "lease";

    private RedisServer _server = null!;
    private RedisNode _node = null!;
    private LeaseClaim[] _held = [];

    [Params(1, 1000)]
    public int Elections { get; set; }

    // BenchmarkDotNet does not await a setup that runs in its own process.
    [GlobalSetup]
    public void Start() => StartAsync().GetAwaiter().GetResult();

    [Benchmark]
    public async Task<bool> RenewAsync() => (await _node.RenewAsync(LeaseId, _held, CancellationToken.None)).Equals(RenewReply.Renewed);

    [GlobalCleanup]
    public void Stop()
    {
        _node.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _server.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private async Task StartAsync()
    {
        _server = await RedisServer.StartNewAsync("--appendonly", "no");
        _node = new RedisNode(
            _server.Endpoint, "{leader-election}", TimeSpan.FromHours(1), isOneOfSeveral: false,
            new RedisEvents(static _ => { }, static () => { }, static _ => { }), TimeProvider.System);
        _held = [.. Enumerable.Range(0, Elections).Select(i => new LeaseClaim
        {
            Election = $"election-{i}",
            CandidateId = "c",
            ClaimId = $"{i}",
            LeaseId = LeaseId,
            LongestLease = TimeSpan.FromMinutes(1),
        })];
        foreach (var claim in _held)
            await _node.ClaimAsync(claim, CancellationToken.None);
    }
}
