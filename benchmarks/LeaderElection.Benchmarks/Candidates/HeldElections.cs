namespace LeaderElection.Benchmarks.Candidates;

/// <summary>A process's seats in many elections.</summary>
internal sealed class HeldElections(IElectionBackend backend, int count, string id)
{
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly Leadership?[] _leaderships = new Leadership?[count];
    private IElection[] _elections = [];

    public int Valid => _leaderships.Count(l => l is { IsValid: true });

    /// <summary>Returns when all are won.</summary>
    public async Task CampaignAsync(CancellationToken stop)
    {
        Protocol.Say("START");
        var start = _time.GetTimestamp();
        _elections = [.. Enumerable.Range(0, count).Select(i => backend.CreateElection($"hold-{i}", id))];
        long first = long.MaxValue, last = 0;
        await Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
        {
            await CampaignAsync(i, stop);
            // The first election is handed to and fro before: what moves together are the others.
            if (i == 0 && count > 1)
                return;
            var now = Protocol.Now;
            InterlockedMin(ref first, now);
            InterlockedMax(ref last, now);
        }));
        var took = _time.GetElapsedTime(start).TotalMilliseconds;
        Protocol.Say("FIRST", first);
        Protocol.Say("LAST", last);
        Protocol.Line(FormattableString.Invariant(
            $"ALL {count} elections: {took:0.0} ms since the start, {(last - first) / 1e6:0.0} ms from first to last, {Environment.WorkingSet / 1048576.0:0.0} MB"));
    }

    /// <summary>Gives all of them back.</summary>
    public Task ReleaseAsync() => Task.WhenAll(_leaderships.OfType<Leadership>().Select(l => l.DisposeAsync().AsTask()));

    public Task CampaignInFirstAsync(CancellationToken stop) => CampaignAsync(0, stop);

    public async Task ResignFirstAsync(CancellationToken stop)
    {
        if (_leaderships[0] is not { } leadership)
            return;
        Protocol.Say("RESIGN");
        await leadership.ResignAsync(stop);
        Protocol.Say("RESIGNED");
    }

    private async Task CampaignAsync(int i, CancellationToken stop)
    {
        var leadership = await _elections[i].CampaignAsync(stop);
        if (i == 0)
            Protocol.Say("LEADER");
        _leaderships[i] = leadership;
    }

    private static void InterlockedMin(ref long target, long value)
    {
        for (var seen = Volatile.Read(ref target); value < seen; seen = Volatile.Read(ref target))
            Interlocked.CompareExchange(ref target, value, seen);
    }

    private static void InterlockedMax(ref long target, long value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
            Interlocked.CompareExchange(ref target, value, seen);
    }
}
