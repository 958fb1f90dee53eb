namespace LeaderElection.ZooKeeper.Client;

/// <summary>The watches of a session: the server keeps one per node and kind, here are those who wait for it.</summary>
internal sealed class WatchRegistry
{
    private readonly Lock _lock = new();

    /// <summary>The first of those who wait for the same; as a rule there is one, and no collection for each is needed.</summary>
    private readonly Dictionary<(string Path, WatchKind Kind), Watch> _watches = [];

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
            watch.Next = _watches.GetValueOrDefault(watch.Key);
            _watches[watch.Key] = watch;
        }
    }

    public void Remove(Watch watch)
    {
        lock (_lock)
        {
            if (!_watches.TryGetValue(watch.Key, out var first))
                return;
            if (first != watch)
            {
                // One that fires just now hangs here no more, and keeps its place among those that fire with it.
                if (Chain(first).FirstOrDefault(w => w.Next == watch) is { } before)
                    before.Next = watch.Next;
            }
            else if (watch.Next is { } next)
            {
                _watches[watch.Key] = next;
            }
            else
            {
                _watches.Remove(watch.Key);
            }
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
            Watch? fired;
            lock (_lock) _watches.Remove((path, kind), out fired);
            foreach (var watch in Chain(fired))
                watch.Fire(what);
        }
    }

    /// <summary>The session is gone.</summary>
    public void FireAll()
    {
        Watch[] fired;
        lock (_lock)
        {
            fired = [.. _watches.Values.SelectMany(Chain)];
            _watches.Clear();
        }
        foreach (var watch in fired)
            watch.Fire(WatchEvent.Unsure);
    }

    /// <summary>The connection is lost, though perhaps not the session.</summary>
    public void FireInterrupted()
    {
        Watch[] fired;
        lock (_lock) fired = [.. _watches.Values.SelectMany(Chain).Where(w => w.MindsInterruption)];
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

    private static IEnumerable<Watch> Chain(Watch? first)
    {
        for (var watch = first; watch is not null; watch = watch.Next)
            yield return watch;
    }
}
