using LeaderElection.Etcd.Protocol;
using LeaderElection.Sessions;

namespace LeaderElection.Etcd;

/// <summary>A candidate's key in an election, and what is watched for it: the key itself, and the one before it.</summary>
internal sealed class EtcdEntry : QueueEntry
{
    private readonly EtcdElectionBackend _backend;
    private readonly Lock _lock = new();
    private EtcdWatch? _own;
    private long _predecessor;
    private bool _isGone;

    public EtcdEntry(string election, string candidateId, EtcdKey key, EtcdSession session, EtcdElectionBackend backend)
        : base(election, candidateId)
    {
        Key = key;
        Session = session;
        Value = System.Text.Encoding.UTF8.GetBytes(candidateId);
        _backend = backend;
    }

    public EtcdKey Key { get; }

    public EtcdSession Session { get; }

    public byte[] Value { get; }

    /// <summary>Whether a join was sent: the key may be there although no reply said so.</summary>
    public bool MayBeThere { get; set; }

    /// <summary>Listens for the deletion of the own key.</summary>
    /// <param name="revision">When it was seen.</param>
    public void WatchOwn(long revision)
    {
        var watch = Watch(Key.Own, revision);
        lock (_lock)
        {
            if (!_isGone && _own is null)
            {
                _own = watch;
                return;
            }
        }
        watch.Dispose();
    }

    /// <summary>Listens for the deletion of the key before the own one.</summary>
    /// <param name="revision">When it was seen.</param>
    public void WatchPredecessor(KeyValue predecessor, long revision)
    {
        // Before: the same key may have been deleted and made anew.
        if (_predecessor == predecessor.CreateRevision && Subscription is not null)
            return;
        _predecessor = predecessor.CreateRevision;
        ListenTo(Watch(predecessor.Key, revision));
    }

    /// <summary>Nobody is before it any more.</summary>
    public void IsFirst()
    {
        _predecessor = 0;
        ListenTo(null);
    }

    protected override void Dispose(bool disposing)
    {
        EtcdWatch? own;
        lock (_lock)
        {
            _isGone = true;
            own = _own;
            _own = null;
        }
        own?.Dispose();
        _backend.Left(this);
        base.Dispose(disposing);
    }

    private EtcdWatch Watch(byte[] key, long revision) =>
        _backend.Watches.Watch(key, null, deletesOnly: true, revision + 1, _ => Changed());
}
