namespace LeaderElection.ZooKeeper.Client;

/// <summary>The watches of a session: the server keeps one per node and kind, here are those who wait for it.</summary>
internal sealed class WatchRegistry
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Path, WatchKind Kind), HashSet<Watch>> _watches = [];

    public int Count
    {
        get { lock (_lock) return _watches.Count; }
    }

    /// <summary>The server has set the watch.</summary>
    public void Add(Watch watch, string path, WatchKind kind)
    {
        lock (_lock)
        {
            watch.Hang(this, path, kind);
            // Disposed in the meantime: then nobody would take it away again.
            if (watch.IsDone)
                return;
            if (!_watches.TryGetValue((path, kind), out var waiting))
                _watches.Add((path, kind), waiting = []);
            waiting.Add(watch);
        }
    }

    public void Remove(Watch watch)
    {
        lock (_lock)
        {
            if (_watches.TryGetValue(watch.Key, out var waiting) && waiting.Remove(watch) && waiting.Count == 0)
                _watches.Remove(watch.Key);
        }
    }

    /// <summary>The server reported an event; its watches on the node are used up.</summary>
    public void Fire(string path, WatchEvent what)
    {
        ReadOnlySpan<WatchKind> kinds = what switch
        {
            WatchEvent.NodeCreated or WatchEvent.DataChanged => [WatchKind.Data, WatchKind.Exist],
            WatchEvent.NodeDeleted => [WatchKind.Data, WatchKind.Exist, WatchKind.Child],
            WatchEvent.ChildrenChanged => [WatchKind.Child],
            _ => [],
        };
        foreach (var kind in kinds)
        {
            HashSet<Watch>? fired;
            lock (_lock) _watches.Remove((path, kind), out fired);
            foreach (var watch in fired ?? [])
                watch.Fire(what);
        }
    }

    /// <summary>The session is gone.</summary>
    public void FireAll()
    {
        Watch[] fired;
        lock (_lock)
        {
            fired = [.. _watches.Values.SelectMany(w => w)];
            _watches.Clear();
        }
        foreach (var watch in fired)
            watch.Fire(WatchEvent.Unsure);
    }

    /// <summary>The connection is lost, though perhaps not the session.</summary>
    public void FireInterrupted()
    {
        Watch[] fired;
        lock (_lock) fired = [.. _watches.Values.SelectMany(w => w).Where(w => w.MindsInterruption)];
        foreach (var watch in fired)
        {
            Remove(watch);
            watch.Fire(WatchEvent.Unsure);
        }
    }

    /// <summary>What a new server has to be told to watch.</summary>
    public (string Path, WatchKind Kind)[] Keys()
    {
        lock (_lock) return [.. _watches.Keys];
    }
}
