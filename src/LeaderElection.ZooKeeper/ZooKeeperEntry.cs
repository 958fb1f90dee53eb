using LeaderElection.Sessions;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.ZooKeeper;

/// <summary>A candidate's node.</summary>
/// <param name="parent">The election's node.</param>
internal sealed class ZooKeeperEntry(string election, string candidateId, string parent) : QueueEntry(election, candidateId)
{
    private Watch? _own;
    private Action? _left;

    public string Parent => parent;

    /// <summary>Random: by it the node is found again after a lost reply.</summary>
    public string Id { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Whether a node may have been created.</summary>
    public bool WasTried { get; set; }

    /// <summary>The node's name, once it is known.</summary>
    public string? Name { get; private set; }

    public string Path => $"{parent}/{Name}";

    /// <summary>Wakes the candidate.</summary>
    public Watch CreateWatch() => new(_ => Changed());

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

    /// <summary>Listens to its own node.</summary>
    public void ListenToOwn(Watch watch) => Interlocked.Exchange(ref _own, watch)?.Dispose();

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Interlocked.Exchange(ref _own, null)?.Dispose();
        Interlocked.Exchange(ref _left, null)?.Invoke();
    }
}
