namespace LeaderElection.Tests.Chaos;

/// <summary>What can be done to a candidate's lines.</summary>
internal sealed class LineFaults(ChaosRun run, ChaosStore store, Func<string, IReadOnlyList<ChaosLine>> linesOf)
{
    public ChaosAction[] Actions =>
    [
        new(ChaosFault.CutOff, 3, (shot, stop) => BreakAsync(shot, isOneWay: false, stop)),
        new(ChaosFault.CutOffOneWay, 2, (shot, stop) => BreakAsync(shot, isOneWay: true, stop)),
        new(ChaosFault.SlowThenCutOff, 2, SlowThenCutOffAsync),
        new(ChaosFault.Reset, 1, ResetAsync),
        new(ChaosFault.RequestsLate, 2, (shot, stop) => DelayAsync(shot, line => line.HoldRequests(), stop)),
        new(ChaosFault.RepliesLate, 2, (shot, stop) => DelayAsync(shot, line => line.HoldAnswers(), stop)),
    ];

    private async Task BreakAsync(ChaosShot shot, bool isOneWay, CancellationToken stop)
    {
        var candidate = store.TargetOf(shot);
        var lines = linesOf(candidate);
        // One time in three a single line, where there are several.
        if (shot.Target / 10 % 3 == 0)
            lines = [lines[shot.Target / 30 % lines.Count]];
        using (run.Fault($"{candidate} {shot.Action.Fault}, lines: {lines.Count}", takesStore: false))
            await BreakAsync(candidate, lines, isOneWay, shot.Length(run.Lease * 0.3, run.Lease * 2), shot.Loses, stop);
    }

    private async Task SlowThenCutOffAsync(ChaosShot shot, CancellationToken stop)
    {
        var candidate = store.TargetOf(shot);
        var lines = linesOf(candidate);
        using (run.Fault($"{candidate} slow", takesStore: false))
        {
            foreach (var line in lines)
                line.Proxy.Slow(shot.Length(run.Lease * 0.1, run.Lease * 0.5));
            await run.HoldAsync(run.Lease, stop);
        }
        using (run.Fault($"{candidate} cut off", takesStore: false))
            await BreakAsync(candidate, lines, isOneWay: false, run.Lease * 1.5, shot.Loses, stop);
    }

    private async Task DelayAsync(ChaosShot shot, Action<ChaosLine> hold, CancellationToken stop)
    {
        var candidate = store.TargetOf(shot);
        using (run.Fault($"{candidate} {shot.Action.Fault}", takesStore: false))
        {
            var lines = linesOf(candidate);
            foreach (var line in lines)
                hold(line);
            await run.HoldAsync(shot.Length(run.LongestLease * 1.1, run.LongestLease * 1.8), stop);
            foreach (var line in lines)
                line.Proxy.Resume();
        }
    }

    private async Task ResetAsync(ChaosShot shot, CancellationToken stop)
    {
        var candidate = store.TargetOf(shot);
        using (run.Fault($"{candidate} reset", takesStore: false))
        {
            foreach (var line in linesOf(candidate))
                line.Proxy.Cut();
        }
        await run.HoldAsync(TimeSpan.FromMilliseconds(500), stop);
    }

    /// <summary>All lines of a candidate that has a network to itself are broken by the kernel, others by what stands in them.</summary>
    private async Task BreakAsync(string candidate, IReadOnlyList<ChaosLine> lines, bool isOneWay, TimeSpan length, bool loses, CancellationToken stop)
    {
        var network = lines.Count == linesOf(candidate).Count ? run.NetworkOf(candidate) : null;
        if (network is not null)
            await (isOneWay ? network.DeafenAsync() : network.DropAsync());
        foreach (var line in network is null ? lines : [])
        {
            if (isOneWay)
                line.Deafen();
            else
                line.Proxy.Drop();
        }
        await run.HoldAsync(length, stop);
        foreach (var line in lines)
        {
            if (loses)
                line.Proxy.Cut();
            line.Proxy.Resume();
        }
        if (network is not null)
            await network.ResumeAsync();
    }
}
