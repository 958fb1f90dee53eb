using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Raft;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Chaos;

/// <summary>The folders of raft members: the candidates are the store. So a fault that takes one of them is not joined by another.</summary>
internal sealed class MemberStore : ChaosStore
{
    private readonly ChaosRun _run;
    private readonly TemporaryFolder _folder = new();
    private readonly RaftClusterFiles _files;
    private readonly SmallDisk[] _disks;

    private MemberStore(ChaosRun run, SmallDisk[] disks)
    {
        (_run, _disks) = (run, disks);
        foreach (var (disk, i) in disks.Select((d, i) => (d, i)))
            Directory.CreateSymbolicLink(_folder.File($"m{i}"), disk.Path);
        _files = new RaftClusterFiles(_folder.Path, run.Options.Candidates, run.Lease);
    }

    public override string Strategy => "raft";

    /// <summary>Nobody votes for one lease after a start, and a first round of votes may be split.</summary>
    public override TimeSpan FailOver => _run.Lease * 2;

    public override IEnumerable<ChaosAction> LineActions =>
    [
        new(ChaosFault.CutOff, 4, CutOffAsync), new(ChaosFault.AllRestarted, 1, AllRestartedAsync),
        .. _disks is [] ? Array.Empty<ChaosAction>() : [new ChaosAction(ChaosFault.DiskFull, 2, DiskFullAsync)],
    ];

    public static async Task<MemberStore> StartAsync(ChaosRun run)
    {
        var disks = new List<SmallDisk>();
        for (var i = 0; i < run.Options.Candidates && SmallDisk.IsPossible; i++)
            disks.Add(await SmallDisk.MountAsync("size=256k"));
        return new MemberStore(run, [.. disks]);
    }

    public override string Endpoint(string candidate) => _files.Description;

    public override async ValueTask DisposeAsync()
    {
        foreach (var disk in _disks)
            await disk.DisposeAsync();
        _folder.Dispose();
    }

    private async Task CutOffAsync(ChaosShot shot, CancellationToken stop)
    {
        var member = TargetOf(shot);
        // From all others, or (where it keeps the majority) from one.
        var others = _run.Cluster.Candidates.Where(c => c != member).Take(shot.Loses ? 1 : 9);
        using (_run.Fault($"{member} cut off", takesStore: false))
        {
            await _run.Cluster.Process(member).WriteLineAsync($"cut {string.Join(' ', others)}");
            await _run.HoldAsync(shot.Length(_run.Lease * 0.3, _run.Lease * 2), stop);
            await _run.Cluster.Process(member).WriteLineAsync("heal");
        }
    }

    private async Task AllRestartedAsync(ChaosShot shot, CancellationToken stop)
    {
        using (_run.Fault("all members restarted", takesStore: true))
        {
            var members = _run.Cluster.Candidates;
            await Task.WhenAll(members.Select(_run.Cluster.KillAsync));
            await _run.HoldAsync(shot.Length(TimeSpan.Zero, _run.Lease), stop);
            await Task.WhenAll(members.Select(_run.Cluster.StartAsync));
        }
    }

    private async Task DiskFullAsync(ChaosShot shot, CancellationToken stop)
    {
        var disk = _disks[shot.Target % _disks.Length];
        using (_run.Fault($"disk {shot.Target % _disks.Length} full", takesStore: false))
        {
            var filler = Path.Combine(disk.Path, "filler");
            await disk.FillAsync(filler);
            await _run.HoldAsync(shot.Length(_run.Lease * 0.3, _run.Lease * 2), stop);
            File.Delete(filler);
        }
    }
}
