using LeaderElection.Etcd.Protocol;
using LeaderElection.Leases;

namespace LeaderElection.Etcd;

/// <summary>
/// Every watch of the process, on few streams. The gateway takes no further watch into a stream that runs, so those
/// asked for at about the same time open one together, and a new one takes over the watches of smaller ones: with
/// n watches there are about log n streams, and each watch moves about log n times. No event is lost or told twice.
/// </summary>
internal sealed class EtcdWatches : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly EtcdConnection _connection;
    private readonly TimeProvider _time;
    private readonly Action<string> _warn;
    private readonly Backoff _backoff;
    private readonly CancellationTokenSource _disposed = new();
    private readonly HashSet<EtcdWatchStream> _streams = [];
    private HashSet<EtcdWatch> _pending = [];
    private Task _opening = Task.CompletedTask;
    private bool _isOpening;
    private bool _inTrouble;
    private string? _warned;
    private long _lastId;

    public EtcdWatches(EtcdConnection connection, TimeProvider time, Backoff backoff, Action<string> warn)
    {
        _connection = connection;
        _time = time;
        _warn = warn;
        _backoff = backoff;
        connection.Moved += OnMoved;
    }

    /// <summary>How many streams are open.</summary>
    public int StreamCount
    {
        get { lock (_lock) return _streams.Count; }
    }

    /// <summary>Whether everything that was asked for is watched.</summary>
    public bool IsQuiet
    {
        get { lock (_lock) return !_isOpening && _pending.Count == 0; }
    }

    /// <summary>Watches a key, or a range of keys, until it is disposed.</summary>
    /// <param name="rangeEnd">The first key that is not watched any more; <see langword="null"/> for one key.</param>
    /// <param name="deletesOnly">Whether puts are of no interest.</param>
    /// <param name="fromRevision">The first revision whose events are wanted.</param>
    /// <param name="onEvent">Called with each event, or with nothing when some may have been missed: then look again. Must be quick.</param>
    public EtcdWatch Watch(byte[] key, byte[]? rangeEnd, bool deletesOnly, long fromRevision, Action<WatchEvent?> onEvent)
    {
        lock (_lock)
        {
            var watch = new EtcdWatch(this, ++_lastId, key, rangeEnd, deletesOnly, fromRevision, onEvent);
            _pending.Add(watch);
            Open_NeedsLock();
            return watch;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task opening;
        lock (_lock)
        {
            _disposed.Cancel();
            opening = _opening;
            foreach (var stream in _streams)
                stream.Dispose();
        }
        _connection.Moved -= OnMoved;
        await opening.ConfigureAwait(false);
    }

    internal void Remove(EtcdWatch watch)
    {
        lock (_lock)
        {
            _pending.Remove(watch);
            foreach (var stream in _streams)
            {
                if (!stream.Live.Remove(watch))
                    continue;
                if (stream.Live.Count == 0)
                    Close_NeedsLock(stream);
                else if (IsWasteful(stream))
                    Open_NeedsLock();
                return;
            }
        }
    }

    /// <summary>Most of its watches are of no interest any more, and only a new stream is without them.</summary>
    private static bool IsWasteful(EtcdWatchStream stream) => stream.Size > (2 * stream.Live.Count) + 64;

    private void OnMoved()
    {
        lock (_lock)
        {
            foreach (var stream in _streams.Where(s => !ReferenceEquals(s.Endpoint, _connection.Endpoint)))
                stream.Dispose();
        }
    }

    private void Close_NeedsLock(EtcdWatchStream stream)
    {
        _streams.Remove(stream);
        stream.Dispose();
    }

    private void Open_NeedsLock()
    {
        if (_isOpening || _disposed.IsCancellationRequested)
            return;
        _isOpening = true;
        // Elsewhere, so that those who ask right now come along.
        _opening = Task.Run(OpenAsync);
    }

    private async Task OpenAsync()
    {
        while (true)
        {
            EtcdWatchStream stream;
            EtcdWatchStream[] replaced;
            var confirmed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_inTrouble)
                await PauseAsync().ConfigureAwait(false);
            lock (_lock)
            {
                if (_disposed.IsCancellationRequested || (_pending.Count == 0 && !_streams.Any(IsWasteful)))
                {
                    _isOpening = false;
                    return;
                }
                _inTrouble = false;
                (stream, replaced) = Merge_NeedsLock();
            }
            _ = RunAsync(stream, replaced, confirmed);
            // One after the other: who asks meanwhile comes along with the next.
            await confirmed.Task.ConfigureAwait(false);
        }
    }

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(_backoff.Next(), _time, _disposed.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It ends.
        }
    }

    /// <summary>Makes a stream of what is asked for, and of the streams that are not much larger than that together.</summary>
    private (EtcdWatchStream Stream, EtcdWatchStream[] Replaced) Merge_NeedsLock()
    {
        var watches = _pending;
        _pending = [];
        var replaced = new List<EtcdWatchStream>();
        foreach (var other in _streams.OrderBy(s => s.Live.Count))
        {
            if (other.Live.Count > 3 * watches.Count && !IsWasteful(other))
                continue;
            watches.UnionWith(other.Live);
            replaced.Add(other);
        }
        foreach (var other in replaced)
            _streams.Remove(other);
        var stream = new EtcdWatchStream(_connection, _time, watches);
        _streams.Add(stream);
        return (stream, [.. replaced]);
    }

    private async Task RunAsync(EtcdWatchStream stream, EtcdWatchStream[] replaced, TaskCompletionSource confirmed)
    {
        try
        {
            await stream.RunAsync(OnConfirmed, (watch, response) => OnCanceled(stream, watch, response)).ConfigureAwait(false);
        }
        catch (ElectionStoreException e)
        {
            if (e.InnerException is EtcdFailure { IsOfEndpoint: true } && !IsClosed())
                _connection.MoveFrom(stream.Endpoint);
            Warn($"{e.Message}; trying on");
        }
        catch (OperationCanceledException)
        {
            // Closed from here.
        }
        catch (Exception e)
        {
            // Watches are never given up, whatever it is.
            Warn($"a watch stream failed: {e.Message}; trying on");
        }
        finally
        {
            CloseReplaced();
            lock (_lock)
            {
                // Its watches go on in another stream, unless they do already.
                if (_streams.Remove(stream))
                {
                    _inTrouble = true;
                    _pending.UnionWith(stream.Live);
                    if (_pending.Count > 0)
                        Open_NeedsLock();
                }
            }
            confirmed.TrySetResult();
        }

        void OnConfirmed()
        {
            lock (_lock)
            {
                if (!_inTrouble)
                {
                    _backoff.Reset();
                    _warned = null;
                }
            }
            CloseReplaced();
            confirmed.TrySetResult();
        }

        void CloseReplaced()
        {
            foreach (var other in replaced)
                other.Dispose();
        }

        bool IsClosed()
        {
            lock (_lock) return !_streams.Contains(stream);
        }
    }

    /// <summary>etcd dropped a watch: its past was compacted away, or the token has expired or allows too little.</summary>
    private void OnCanceled(EtcdWatchStream stream, EtcdWatch watch, WatchResponse response)
    {
        watch.Missed(Math.Max(response.CompactRevision - 1, response.Header?.Revision ?? 0));
        var isRefused = response.CompactRevision == 0;
        if (isRefused)
        {
            _connection.ForgetToken();
            Warn($"etcd at {_connection.Endpoint.Authority} refuses a watch: {EtcdReply.Words(response.CancelReason ?? "")}; trying on");
        }
        lock (_lock)
        {
            if (!stream.Live.Remove(watch))
                return;
            _pending.Add(watch);
            _inTrouble |= isRefused;
            Open_NeedsLock();
        }
    }

    /// <summary>Once for each trouble, not once for each attempt.</summary>
    private void Warn(string message)
    {
        lock (_lock)
        {
            if (_warned == message)
                return;
            _warned = message;
        }
        _warn(message);
    }
}
