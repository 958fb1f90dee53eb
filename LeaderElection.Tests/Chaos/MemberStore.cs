using LeaderElection.Tests.History;
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

    // Of each pair the member whose id comes first connects to the other.
    private readonly Dictionary<(string From, string To), DroppingProxy> _lines = [];
    private readonly (string Id, string Address)[] _members;

    private MemberStore(ChaosRun run, SmallDisk[] disks)
    {
        (_run, _disks) = (run, disks);
        foreach (var (disk, i) in disks.Select((d, i) => (d, i)))
            Directory.CreateSymbolicLink(_folder.File($"m{i}"), disk.Path);
        _files = new RaftClusterFiles(_folder.Path, run.Options.Candidates, run.Lease, member => run.NetworkOf(member)?.Address ?? "127.0.0.1");
        _members = [.. _files.Members.Split(',').Select(m => m.Split('=')).Select(m => (m[0], m[1]))];
        foreach (var (to, address) in _members)
        {
            foreach (var (from, _) in _members.Where(m => string.CompareOrdinal(m.Id, to) < 0))
                _lines[(from, to)] = new DroppingProxy(int.Parse(address.Split(':')[1]), run.NetworkOf(to)?.Address, run.NetworkOf(from)?.HostAddress);
        }
    }

    public override string Strategy => "raft";

    /// <summary>Nobody votes for one lease after a start, and a first round of votes may be split.</summary>
    public override TimeSpan FailOver => _run.Lease * 2;

    public override IEnumerable<ChaosAction> LineActions =>
    [
        .. new LineFaults(_run, this, LinesOf).Actions,
        new(ChaosFault.MessagesLost, 2, MessagesLostAsync), new(ChaosFault.AllRestarted, 1, AllRestartedAsync),
        new(ChaosFault.FolderLost, 2, (shot, stop) => Faults.LoseFolderAsync(TargetOf(shot), shot, stop)),
        new(ChaosFault.ListChanged, 1, (shot, stop) => Faults.ChangeListAsync(TargetOf(shot), shot, stop)),
        new(ChaosFault.StartedTwice, 2, Faults.StartTwiceAsync),
        .. _disks is [] ? Array.Empty<ChaosAction>() : [new ChaosAction(ChaosFault.DiskFull, 2, DiskFullAsync), new(ChaosFault.ReadOnly, 2, ReadOnlyAsync)],
    ];

    private MemberFaults Faults => new(_run, _folder.Path, Endpoint);

    public static async Task<MemberStore> StartAsync(ChaosRun run)
    {
        var disks = new List<SmallDisk>();
        for (var i = 0; i < run.Options.Candidates && SmallDisk.IsPossible; i++)
            disks.Add(await SmallDisk.MountAsync("size=256k"));
        return new MemberStore(run, [.. disks]);
    }

    public override string Endpoint(string candidate) => new RaftClusterFiles(
        _folder.Path,
        string.Join(',', _members.Select(m => $"{m.Id}={(_lines.TryGetValue((candidate, m.Id), out var line) ? line.Endpoint : m.Address)}")),
        _run.Lease).Description;

    public override async ValueTask DisposeAsync()
    {
        foreach (var disk in _disks)
            await disk.DisposeAsync();
        foreach (var line in _lines.Values)
            await line.DisposeAsync();
        _folder.Dispose();
    }

    private ChaosLine[] LinesOf(string member) =>
        [.. _lines.Where(l => l.Key.From == member || l.Key.To == member).Select(l => new ChaosLine(l.Value, IsBehind: l.Key.To == member))];

    private async Task MessagesLostAsync(ChaosShot shot, CancellationToken stop)
    {
        var member = TargetOf(shot);
        // From all others, or (where it keeps the majority) from one.
        var others = _run.Cluster.Candidates.Where(c => c != member).Take(shot.Loses ? 1 : 9);
        using (_run.Fault($"{member} loses messages", takesStore: false))
        {
            await _run.Cluster.Process(member).WriteLineAsync($"{CandidateCommand.Cut} {string.Join(' ', others)}");
            await _run.HoldAsync(shot.Length(_run.Lease * 0.3, _run.Lease * 2), stop);
            await _run.Cluster.Process(member).WriteLineAsync(CandidateCommand.Heal);
        }
    }

    private async Task AllRestartedAsync(ChaosShot shot, CancellationToken stop)
    {
        using (_run.Fault("all members restarted", takesStore: true))
        {
            var members = _run.Cluster.Candidates;
            await Task.WhenAll(members.Select(_run.Cluster.KillAsync));
            await _run.HoldAsync(shot.Length(TimeSpan.Zero, _run.Lease), stop);
            await Task.WhenAll(members.Select(m => _run.Cluster.StartAsync(m)));
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

    private async Task ReadOnlyAsync(ChaosShot shot, CancellationToken stop)
    {
        var member = TargetOf(shot);
        using (_run.Fault($"state of {member} read-only", takesStore: false))
        {
            await using var readOnly = await SmallDisk.MakeReadOnlyAsync(_disks[int.Parse(member[1..])].Path);
            if (shot.Loses)
            {
                // It does not get to start until the disk is writable again.
                await _run.Cluster.KillAsync(member);
                await _run.Cluster.StartAsync(member);
            }
            await _run.HoldAsync(shot.Length(_run.Lease * 0.3, _run.Lease * 2), stop);
        }
    }
}
