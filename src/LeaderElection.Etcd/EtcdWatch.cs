using LeaderElection.Etcd.Protocol;

namespace LeaderElection.Etcd;

/// <summary>One key or range that is watched, from stream to stream.</summary>
internal sealed class EtcdWatch : IDisposable
{
    private readonly Lock _lock = new();
    private readonly EtcdWatches _hub;
    private readonly byte[] _key;
    private readonly byte[]? _rangeEnd;
    private readonly bool _deletesOnly;
    private readonly Action<WatchEvent?> _onEvent;
    private long _nextRevision;
    private bool _disposed;

    public EtcdWatch(EtcdWatches hub, byte[] key, byte[]? rangeEnd, bool deletesOnly, long fromRevision, Action<WatchEvent?> onEvent)
    {
        _hub = hub;
        _key = key;
        _rangeEnd = rangeEnd;
        _deletesOnly = deletesOnly;
        _nextRevision = fromRevision;
        _onEvent = onEvent;
    }

    /// <summary>Its number in the stream. The stream's lock guards it.</summary>
    public long Id { get; set; }

    /// <summary>Asks for everything that was not delivered yet.</summary>
    public WatchCreateRequest CreateRequest(long id)
    {
        lock (_lock) return new WatchCreateRequest(_key, _rangeEnd, _nextRevision, _deletesOnly, id);
    }

    /// <summary>Whether it waits for what comes after a revision that is not reached yet.</summary>
    public bool IsAheadOf(long revision)
    {
        lock (_lock) return _nextRevision > revision + 1;
    }

    /// <summary>The store went back to this revision: what comes after it is news again.</summary>
    public void StartOver(long revision)
    {
        lock (_lock) _nextRevision = revision + 1;
    }

    /// <summary>Has its owner look: something may be lost.</summary>
    public void Doubt()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
        }
        _onEvent(null);
    }

    /// <summary>Passes news on, each once: the stream before may have brought it.</summary>
    public void Deliver(WatchResponse response)
    {
        // A report of progress has no events: everything up to its revision has been told.
        var seen = response.Events is [.., var last] ? last.Kv.ModRevision : response.Created ? 0 : response.Revision;
        long from;
        lock (_lock)
        {
            if (_disposed)
                return;
            from = _nextRevision;
            _nextRevision = Math.Max(_nextRevision, seen + 1);
        }
        foreach (var news in response.Events)
        {
            if (news.Kv.ModRevision >= from)
                _onEvent(news);
        }
    }

    /// <summary>What happened up to this revision may be lost.</summary>
    public void Missed(long revision)
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            _nextRevision = Math.Max(_nextRevision, revision + 1);
        }
        _onEvent(null);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            _disposed = true;
        }
        _hub.Remove(this);
    }
}
