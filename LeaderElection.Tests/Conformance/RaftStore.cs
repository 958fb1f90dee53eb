using LeaderElection.Leases;
using LeaderElection.Raft;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Raft;

namespace LeaderElection.Tests.Conformance;

/// <summary>
/// Nine members, five of which make the majority and play the store: they live in a process that can be killed. The
/// backends of the tests take the other four places. Members must agree on the lease, so each of those that the tests
/// ask for has a cluster of its own in that process.
/// </summary>
public sealed class RaftStore : Store
{
    private const int Voters = 5;

    private readonly Lock _lock = new();
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<TimeSpan, RaftClusterFiles> _clusters = [];
    private readonly Dictionary<(TimeSpan Lease, int Member), IElectionBackend> _places = [];
    private ChildProcess? _process;
    private int _lastPlace;

    private RaftStore()
    {
        foreach (var lease in new[] { Lease, TimeSpan.FromSeconds(3), TimeSpan.FromMinutes(10) })
            _clusters.Add(lease, new RaftClusterFiles(_folder.File($"{lease.TotalMilliseconds}"), 9, lease));
    }

    public override int MostBackends => 9 - Voters;

    public static async Task<RaftStore> StartNewAsync()
    {
        var store = new RaftStore();
        await store.StartAsync();
        return store;
    }

    public override async Task StopAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public override async Task StartAsync()
    {
        _process = RaftVoters.Start(Voters, _clusters.Values);
        await _process.WaitForLineAsync("READY");
    }

    public override async ValueTask DisposeAsync()
    {
        await _process!.DisposeAsync();
        _folder.Dispose();
    }

    protected override IElectionBackend Create(Action<LeaseOptions> configure)
    {
        var wish = new RaftElectionOptions();
        configure(wish);
        lock (_lock)
        {
            var place = Enumerable.Range(_lastPlace + 1, MostBackends)
                .Select(i => Voters + (i % MostBackends))
                .First(i => IsFree((wish.LeaseDuration, i)));
            _lastPlace = place - Voters;
            var options = _clusters[wish.LeaseDuration].Options(place);
            options.BeforeRequest = wish.BeforeRequest;
            options.MinimumFencingToken = wish.MinimumFencingToken;
            return _places[(wish.LeaseDuration, place)] = new RaftElectionBackend(options, Log.For<RaftElectionBackend>());
        }
    }

    private bool IsFree((TimeSpan Lease, int Member) place)
    {
        try
        {
            _places.GetValueOrDefault(place)?.CreateElection("e", "a");
            return !_places.ContainsKey(place);
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }
}
