using LeaderElection.Sessions;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.ZooKeeper;

/// <summary>A candidate's node.</summary>
/// <param name="parent">The election's node.</param>
internal sealed class ZooKeeperEntry(string election, string candidateId, string parent) : QueueEntry(election, candidateId)
{
    private Watch? _own;
    private Action? _left;
    private volatile bool _wasDeleted;

    public string Parent => parent;

    /// <summary>Random: by it the node is found again after a lost reply.</summary>
    public string Id { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Whether a node may have been created.</summary>
    public bool WasTried { get; set; }

    /// <summary>The node's name, once it is known.</summary>
    public string? Name { get; private set; }

    public string Path => $"{parent}/{Name}";

    /// <summary>Whether the server has told that the node was deleted: then there is no need to ask, and no time to lose.</summary>
    public bool WasDeleted => _wasDeleted;

    /// <summary>
    /// Whether the server has a watch on the own node since that was seen. It tells of a deletion before it answers
    /// with what came after it (ZooKeeper Programmer's Guide, "What ZooKeeper Guarantees about Watches").
    /// </summary>
    public bool ListensToOwn => _own is { IsSet: true };

    /// <summary>A watch for the node before this one: wakes the candidate.</summary>
    public Watch CreateWatch() => new(_ => Changed());

    /// <summary>A watch for the own node, to which the candidate listens from now on.</summary>
    public Watch ListenToOwn()
    {
        var watch = new Watch(what =>
        {
            _wasDeleted |= what == WatchEvent.NodeDeleted;
            Changed();
        });
        Interlocked.Exchange(ref _own, watch)?.Dispose();
        return watch;
    }

    /// <summary>The node exists.</summary>
    /// <param name="left">Called when the candidate is done with it.</param>
    public void Joined(string name, long czxid, Action left)
    {
        Name = name;
        FencingToken = czxid;
        _left = left;
    }

    /// <summary>The node is gone; another's may have its name by now.</summary>
    public void IsGone()
    {
        Name = null;
        WasTried = false;
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Interlocked.Exchange(ref _own, null)?.Dispose();
        Interlocked.Exchange(ref _left, null)?.Invoke();
    }
}
