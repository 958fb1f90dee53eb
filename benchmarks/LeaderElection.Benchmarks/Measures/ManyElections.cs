using LeaderElection.Benchmarks.Stores;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>One process that leads in many elections, and one that follows in all of them.</summary>
internal sealed class ManyElections : IAsyncDisposable
{
    private readonly Run _run;
    private readonly Store _store;
    private readonly int _count;
    private readonly IReadOnlyList<Seat> _seats;
    private readonly List<Holder> _members = [];

    private ManyElections(Run run, Store store, int count)
    {
        _run = run;
        _store = store;
        _count = count;
        // On raft a third member, without elections, makes the majority when the leader is killed.
        _seats = store.Seats("hold", IsRaft ? 3 : 2, run.Lease(store.Strategy));
    }

    private bool IsRaft => _store.Strategy == "raft";

    public Holder Leader => _members[0];

    public Holder Follower => _members[1];

    /// <summary>The follower's memory before and after it joined: heap after a collection, and working set, in bytes.</summary>
    public (double Heap, double WorkingSet) FollowerBefore { get; private set; }

    public static async Task<ManyElections> StartAsync(Run run, Store store, int count)
    {
        var many = new ManyElections(run, store, count);
        try
        {
            many.Start(0, count);
            if (many.IsRaft)
            {
                // Its members have to be there from the start.
                many.Start(1, count);
                many.Start(2, 0);
            }
            await Task.WhenAll(many._members.Select(m => m.ReadyAsync()));
            await many.RestAsync(many.Leader);
            return many;
        }
        catch
        {
            await many.DisposeAsync();
            throw;
        }
    }

    /// <returns>How long it took to win all, in ms.</returns>
    public async Task<double> AcquireAsync()
    {
        await Leader.CampaignAsync();
        var (start, _, last) = await Leader.AllAsync();
        return (last - start) / 1e6;
    }

    /// <summary>Gives all back, and wins them anew: in a process that has done it before.</summary>
    /// <returns>How long it took to win all, in ms.</returns>
    public async Task<double> AcquireAgainAsync()
    {
        await Leader.ReleaseAsync();
        await RestAsync(Leader);
        return await AcquireAsync();
    }

    public async Task FollowAsync()
    {
        if (!IsRaft)
        {
            Start(1, _count);
            await Follower.ReadyAsync();
            await RestAsync(Follower);
        }
        var (heap, workingSet, _) = await Follower.MemoryAsync();
        FollowerBefore = (heap, workingSet);
        await Follower.CampaignAsync();
        await RestAsync(Follower);
    }

    /// <summary>The first election, to and fro.</summary>
    /// <returns>From just before the release to the moment when the other leads, in ms.</returns>
    public async Task<double[]> HandOversAsync(int pairs)
    {
        // Both were told of the first election before: only what comes from now on counts.
        await Leader.NextAsync("LEADER");
        var found = new List<double>();
        for (var i = 0; i < pairs; i++)
        {
            found.Add(await HandOverAsync(Leader, Follower));
            found.Add(await HandOverAsync(Follower, Leader));
        }
        return [.. found];
    }

    /// <summary>Kills the leader; all elections move.</summary>
    /// <returns>From the kill to the first and to the last that the follower leads, in ms.</returns>
    public async Task<(double First, double Last)> CrashAsync()
    {
        var at = Candidates.Protocol.Now;
        Leader.Process.Kill();
        var (_, first, last) = await Follower.AllAsync();
        return ((first - at) / 1e6, (last - at) / 1e6);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
            await member.DisposeAsync();
    }

    private void Start(int seat, int count) => _members.Add(Holder.Start(_store.Strategy, _seats[seat], count));

    private async Task<double> HandOverAsync(Holder from, Holder to)
    {
        await Task.Delay(TimeSpan.FromSeconds(0.3), TimeProvider.System, _run.Stop);
        await from.SendAsync("resign");
        var released = await from.NextAsync("RESIGN");
        var elected = await to.NextAsync("LEADER");
        await from.SendAsync("rejoin");
        return (elected - released) / 1e6;
    }

    private Task RestAsync(Holder holder) =>
        // Members of a raft cluster beat without rest: they are given a moment.
        ProcessFigures.RestsAsync(holder.Process, _store, TimeSpan.FromSeconds(IsRaft ? 3 : 20), _run.Stop);
}
