namespace LeaderElection.Tests.Chaos;

/// <summary>What can be done to a candidate's lines.</summary>
internal sealed class LineFaults(ChaosRun run, ChaosStore store, Func<string, IReadOnlyList<ChaosLine>> linesOf)
{
    public ChaosAction[] Actions =>
    [
        new(ChaosFault.CutOff, 3, (shot, stop) => BreakAsync(shot, stop, line => line.Proxy.Drop())),
        new(ChaosFault.CutOffOneWay, 2, (shot, stop) => BreakAsync(shot, stop, line => line.Deafen())),
        new(ChaosFault.SlowThenCutOff, 2, SlowThenCutOffAsync),
        new(ChaosFault.Reset, 1, ResetAsync),
    ];

    private async Task BreakAsync(ChaosShot shot, CancellationToken stop, Action<ChaosLine> broken)
    {
        var candidate = store.TargetOf(shot);
        var lines = linesOf(candidate);
        // One time in three a single line, where there are several.
        if (shot.Target / 10 % 3 == 0)
            lines = [lines[shot.Target / 30 % lines.Count]];
        using (run.Fault($"{candidate} {shot.Action.Fault}, lines: {lines.Count}", takesStore: false))
        {
            foreach (var line in lines)
                broken(line);
            await run.HoldAsync(shot.Length(run.Lease * 0.3, run.Lease * 2), stop);
            Mend(lines, shot.Loses);
        }
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
        {
            foreach (var line in lines)
                line.Proxy.Drop();
            await run.HoldAsync(run.Lease * 1.5, stop);
            Mend(lines, shot.Loses);
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

    private static void Mend(IEnumerable<ChaosLine> lines, bool loses)
    {
        foreach (var line in lines)
        {
            if (loses)
                line.Proxy.Cut();
            line.Proxy.Resume();
        }
    }
}
