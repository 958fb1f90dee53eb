using LeaderElection.Raft;
using LeaderElection.Tests.Conformance;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Raft;

/// <summary>The members of a cluster, in this process but on real connections, with a network between them that can be cut.</summary>
internal sealed class RaftMembers : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private readonly List<RaftElectionBackend> _all = [];
    private readonly List<Leadership> _leaderships = [];
    private volatile int[] _groups;

    public RaftMembers(int count, TimeSpan? lease = null, Action<int, RaftElectionOptions>? configure = null)
    {
        _groups = new int[count];
        Files = new RaftClusterFiles(_folder.Path, count, lease ?? TimeSpan.FromMilliseconds(500));
        Logs = [.. Enumerable.Range(0, count).Select(_ => new LineLogger())];
        Backends = new RaftElectionBackend[count];
        for (var i = 0; i < count; i++)
            Backends[i] = Create(i, configure);
    }

    public RaftClusterFiles Files { get; }

    public RaftElectionBackend[] Backends { get; }

    public LineLogger[] Logs { get; }

    public CancellationToken Late => _late.Token;

    /// <summary>Every leadership that was won, in the order in which it became known.</summary>
    public IReadOnlyList<Leadership> Leaderships
    {
        get { lock (_leaderships) return [.. _leaderships]; }
    }

    public Leadership[] Leading => [.. Leaderships.Where(l => l.IsValid)];

    public RaftElectionBackend Create(int member, Action<int, RaftElectionOptions>? configure = null)
    {
        var options = Files.Options(member);
        options.IsCutOffFrom = other => _groups[member] != _groups[int.Parse(other[1..])];
        configure?.Invoke(member, options);
        var backend = new RaftElectionBackend(options, Logs[member].For<RaftElectionBackend>());
        _all.Add(backend);
        return backend;
    }

    /// <summary>Starts all members, and waits until all have links to all.</summary>
    public async Task StartAsync()
    {
        await Task.WhenAll(Backends.Select(b => b.StartAsync(Late).AsTask()));
        await LinkedAsync();
    }

    public Task LinkedAsync() =>
        Eventually.TrueAsync(() => Backends.All(b => b.GetStatus().Peers.All(p => p.IsConnected)), "links between all members");

    /// <summary>Has a member campaign, again and again.</summary>
    public void Campaign(int member, string election = "e")
    {
        var seat = Backends[member].CreateElection(election, $"m{member}");
        _ = CampaignAsync(seat);
    }

    /// <summary>Has all members campaign, and waits for the first leader.</summary>
    public async Task<Leadership> CampaignAsync()
    {
        for (var i = 0; i < Backends.Length; i++)
            Campaign(i);
        return await LeaderAsync();
    }

    /// <summary>Waits until exactly one member leads, with a higher token than the given leadership's, and all that can hear it know.</summary>
    public async Task<Leadership> LeaderAsync(Leadership? after = null, params int[] notBy)
    {
        var leader = await Eventually.GetAsync(
            () => Task.FromResult(Leading is [var one] && one.FencingToken > (after?.FencingToken ?? 0) ? one : null),
            one => one is not null && Enumerable.Range(0, Backends.Length).Except(notBy).All(i => Backends[i].GetStatus("e")?.Leader == one.CandidateId),
            "one leader whom all follow");
        return leader!;
    }

    /// <summary>Cuts the network in two: these members on one side, the others on the other.</summary>
    public void Partition(params int[] members) =>
        _groups = [.. Enumerable.Range(0, Backends.Length).Select(i => members.Contains(i) ? 1 : 0)];

    public void Heal() => _groups = new int[Backends.Length];

    /// <summary>Fails if two leaderships ever overlapped by their own account, or a token did not rise.</summary>
    public void AssertTokensRise() => Assert.Equal(Leaderships.Select(l => l.FencingToken).Distinct().Order(), Leaderships.Select(l => l.FencingToken));

    public async ValueTask DisposeAsync()
    {
        await _late.CancelAsync();
        await Task.WhenAll(_all.Select(b => b.DisposeAsync().AsTask()));
        _folder.Dispose();
        _late.Dispose();
    }

    private async Task CampaignAsync(IElection seat)
    {
        try
        {
            while (true)
            {
                var leadership = await seat.CampaignAsync(Late);
                lock (_leaderships)
                    _leaderships.Add(leadership);
                var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                await using var registration = leadership.Lost.Register(lost.SetResult);
                await lost.Task.WaitAsync(Late);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
        }
    }
}
