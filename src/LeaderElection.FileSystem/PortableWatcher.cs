namespace LeaderElection.FileSystem;

/// <summary>
/// .NET's own watcher. It does not tell when a file is closed, so that a crash is noticed at the lease's end.
/// </summary>
internal sealed class PortableWatcher : FolderWatcher
{
    private readonly FileSystemWatcher _watcher;

    public PortableWatcher(string folder, Action<string> changed, Action<string> closed, Action missed)
        : base(changed, closed, missed)
    {
        _watcher = new FileSystemWatcher(folder) { NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite };
        _watcher.Changed += (_, e) => Changed(e.Name!);
        _watcher.Created += (_, e) => Changed(e.Name!);
        _watcher.Renamed += (_, e) => Changed(e.Name!);
        _watcher.Deleted += (_, e) =>
        {
            Changed(e.Name!);
            Closed(e.Name!);
        };
        _watcher.Error += (_, _) =>
        {
            IsWatching = Directory.Exists(folder);
            Missed();
        };
        _watcher.EnableRaisingEvents = true;
    }

    public override void Dispose() => _watcher.Dispose();
}
