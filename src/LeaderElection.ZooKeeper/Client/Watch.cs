namespace LeaderElection.ZooKeeper.Client;

/// <summary>Waits for one event of a node; handed to the one request that sets it. Fires once; disposed, it never does.</summary>
/// <param name="fired">Called on the loop that reads from the server: it must return at once.</param>
/// <param name="minds">Whether it fires too when the connection is lost.</param>
internal sealed class Watch(Action<WatchEvent> fired, bool minds = false) : IDisposable
{
    private Action<WatchEvent>? _fired = fired;
    private volatile WatchRegistry? _registry;
    private bool _wasHandedOver;

    public bool MindsInterruption => minds;

    /// <summary>Whether the server has set it, and it has not fired.</summary>
    public bool IsSet => _registry is not null && !IsDone;

    public bool IsDone => Volatile.Read(ref _fired) is null;

    /// <summary>Where it hangs, once the server has set it.</summary>
    public (string Path, WatchKind Kind) Key { get; private set; }

    /// <summary>Another that waits for the same. Kept by <see cref="WatchRegistry"/>, under its lock.</summary>
    internal Watch? Next { get; set; }

    /// <summary>A request takes it along.</summary>
    /// <exception cref="InvalidOperationException">Another has already: it hangs in one place, and would be lost from the first.</exception>
    public void HandOver()
    {
        if (Interlocked.Exchange(ref _wasHandedOver, true))
            throw new InvalidOperationException("A watch is handed to one request only.");
    }

    public void Fire(WatchEvent what) => Interlocked.Exchange(ref _fired, null)?.Invoke(what);

    public void Hang(WatchRegistry registry, string path, WatchKind kind)
    {
        Key = (path, kind);
        _registry = registry;
    }

    public void Dispose()
    {
        Interlocked.Exchange(ref _fired, null);
        _registry?.Remove(this);
    }
}
