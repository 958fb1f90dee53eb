namespace LeaderElection.FileSystem;

/// <summary>Tells what happens to the files of a folder, as soon as the operating system does.</summary>
internal abstract class FolderWatcher : IDisposable
{
    private readonly Action<string> _changed;
    private readonly Action<string> _closed;
    private readonly Action _missed;

    /// <param name="changed">A file of that name was replaced, written or deleted.</param>
    /// <param name="closed">A file of that name was closed after writing, or deleted: its process may be dead.</param>
    /// <param name="missed">Some news was lost: everything may have changed.</param>
    protected FolderWatcher(Action<string> changed, Action<string> closed, Action missed)
    {
        _changed = changed;
        _closed = closed;
        _missed = missed;
    }

    /// <summary>Whether news still comes.</summary>
    public bool IsWatching { get; protected set; } = true;

    public static FolderWatcher Start(string folder, Action<string> changed, Action<string> closed, Action missed) =>
        OperatingSystem.IsLinux()
            ? new InotifyWatcher(folder, changed, closed, missed)
            : new PortableWatcher(folder, changed, closed, missed);

    public abstract void Dispose();

    protected void Changed(string name) => _changed(name);

    protected void Closed(string name) => _closed(name);

    protected void Missed() => _missed();
}
