using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Chaos;

/// <summary>A shared folder, on a small disk of its own where this machine allows one.</summary>
internal sealed class FolderStore : ChaosStore
{
    private readonly ChaosRun _run;
    private readonly SmallDisk? _disk;
    private readonly TemporaryFolder _parent = new();

    private FolderStore(ChaosRun run, SmallDisk? disk)
    {
        (_run, _disk) = (run, disk);
        Directory.CreateDirectory(Folder);
    }

    public override string Strategy => "file";

    public override IEnumerable<ChaosAction> Actions =>
    [
        new(ChaosFault.EntryDeleted, 1, EntryDeletedAsync), new(ChaosFault.FolderGone, 2, FolderGoneAsync),
        .. _disk is null ? Array.Empty<ChaosAction>() : [new ChaosAction(ChaosFault.DiskFull, 2, DiskFullAsync), new(ChaosFault.ReadOnly, 2, ReadOnlyAsync)],
    ];

    private string Parent => _disk?.Path ?? _parent.Path;

    private string Folder => Path.Combine(Parent, "elections");

    public static async Task<FolderStore> StartFolderAsync(ChaosRun run) => new(run, SmallDisk.IsPossible ? await SmallDisk.MountAsync("size=256k") : null);

    public override string Endpoint(string candidate) => Folder;

    public override async ValueTask DisposeAsync()
    {
        if (_disk is not null)
            await _disk.DisposeAsync();
        _parent.Dispose();
    }

    private Task EntryDeletedAsync(ChaosShot shot, CancellationToken stop) => _run.DeleteEntryAsync(shot, stop, election =>
    {
        File.Delete(Path.Combine(Folder, $"{election}.lease"));
        return Task.CompletedTask;
    });

    private async Task FolderGoneAsync(ChaosShot shot, CancellationToken stop)
    {
        using (_run.Fault("folder gone", takesStore: true))
        {
            var away = Path.Combine(Parent, "unmounted");
            Directory.Move(Folder, away);
            await _run.HoldAsync(shot.Length(TimeSpan.Zero, _run.Lease * 1.5), stop);
            // A candidate must not have made a new one meanwhile: then this fails.
            Directory.Move(away, Folder);
        }
    }

    private async Task DiskFullAsync(ChaosShot shot, CancellationToken stop)
    {
        using (_run.Fault("disk full", takesStore: true))
        {
            var filler = Path.Combine(Parent, "filler");
            await _disk!.FillAsync(filler);
            await _run.HoldAsync(shot.Length(_run.Lease * 0.3, _run.Lease * 1.5), stop);
            File.Delete(filler);
        }
    }

    private async Task ReadOnlyAsync(ChaosShot shot, CancellationToken stop)
    {
        using (_run.Fault("folder read-only", takesStore: true))
        {
            await using var readOnly = await SmallDisk.MakeReadOnlyAsync(Folder);
            await _run.HoldAsync(shot.Length(_run.Lease * 0.3, _run.Lease * 1.5), stop);
        }
    }
}
