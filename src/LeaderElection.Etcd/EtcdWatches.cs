using LeaderElection.Etcd.Protocol;
using LeaderElection.Leases;

namespace LeaderElection.Etcd;

/// <summary>
/// Every watch of the process, in one stream. When that ends, all go on in the next where they were: no event is lost
/// or told twice.
/// </summary>
internal sealed class EtcdWatches : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly EtcdConnection _connection;
    private readonly TimeProvider _time;
    private readonly Action<string> _warn;
    private readonly Backoff _backoff;
    private readonly CancellationTokenSource _disposed = new();
    private readonly HashSet<EtcdWatch> _watches = [];
    private readonly AsyncSignal _wanted = new();
    private EtcdWatchStream? _stream;
    private Task? _running;
    private string? _warned;

    public EtcdWatches(EtcdConnection connection, TimeProvider time, Backoff backoff, Action<string> warn)
    {
        _connection = connection;
        _time = time;
        _warn = warn;
        _backoff = backoff;
        connection.Moved += OnMoved;
    }

    /// <summary>Whether everything that was asked for is watched.</summary>
    public bool IsQuiet
    {
        get { lock (_lock) return _watches.Count == 0 || _stream is { IsConfirmed: true }; }
    }

    /// <summary>Watches a key, or a range of keys, until it is disposed.</summary>
    /// <param name="rangeEnd">The first key that is not watched any more; <see langword="null"/> for one key.</param>
    /// <param name="deletesOnly">Whether puts are of no interest.</param>
    /// <param name="fromRevision">The first revision whose events are wanted.</param>
    /// <param name="onEvent">Called with each event, or with nothing when some may have been missed: then look again. Must be quick.</param>
    public EtcdWatch Watch(byte[] key, byte[]? rangeEnd, bool deletesOnly, long fromRevision, Action<WatchEvent?> onEvent)
    {
        var watch = new EtcdWatch(this, key, rangeEnd, deletesOnly, fromRevision, onEvent);
        lock (_lock)
        {
            _watches.Add(watch);
            _stream?.Add(watch);
            if (!_disposed.IsCancellationRequested)
                _running ??= Task.Run(RunAsync);
        }
        _wanted.Set();
        return watch;
    }

    public async ValueTask DisposeAsync()
    {
        Task? running;
        lock (_lock)
        {
            _disposed.Cancel();
            running = _running;
            _stream?.Dispose();
        }
        _connection.Moved -= OnMoved;
        if (running is not null)
            await running.ConfigureAwait(false);
    }

    /// <summary>The store went back to this revision: all watches begin there, and everybody looks.</summary>
    public void StartOver(long revision)
    {
        EtcdWatch[] watches;
        lock (_lock)
        {
            watches = [.. _watches];
            foreach (var watch in watches)
                watch.StartOver(revision);
            _stream?.Dispose();
        }
        foreach (var watch in watches)
            watch.Doubt();
    }

    internal void Remove(EtcdWatch watch)
    {
        lock (_lock)
        {
            if (_watches.Remove(watch))
                _stream?.Remove(watch);
        }
    }

    private void OnMoved()
    {
        lock (_lock)
        {
            if (_stream is not null && !ReferenceEquals(_stream.Channel, _connection.Channel))
                _stream.Dispose();
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                _disposed.Token.ThrowIfCancellationRequested();
                // Answers begin with that to the first watch.
                if (Open() is not { } stream)
                    await _wanted.WaitAsync(Timeout.InfiniteTimeSpan, _time, _disposed.Token).ConfigureAwait(false);
                else if (await FailsAsync(stream).ConfigureAwait(false))
                    await Task.Delay(_backoff.Next(), _time, _disposed.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_disposed.IsCancellationRequested)
        {
            // It ends.
        }
    }

    private EtcdWatchStream? Open()
    {
        lock (_lock)
        {
            if (_watches.Count == 0 || _disposed.IsCancellationRequested)
                return null;
            _stream = new EtcdWatchStream(_connection, _time);
            foreach (var watch in _watches)
                _stream.Add(watch);
            return _stream;
        }
    }

    /// <returns>Whether the stream broke; <see langword="false"/> when it was closed from here.</returns>
    private async Task<bool> FailsAsync(EtcdWatchStream stream)
    {
        try
        {
            await stream.RunAsync(() => OnConfirmed(stream), (watch, response) => OnCanceled(stream, watch, response)).ConfigureAwait(false);
        }
        catch (ElectionStoreException e)
        {
            if (e.InnerException is EtcdFailure { IsOfEndpoint: true })
                _connection.MoveFrom(stream.Channel);
            else if (e.InnerException is EtcdFailure { WantsToken: true })
                _connection.ForgetToken();
            Warn($"{e.Message}; trying on");
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception e)
        {
            // Watches are never given up, whatever it is.
            Warn($"a watch stream failed: {e.Message}; trying on");
        }
        finally
        {
            lock (_lock) _stream = null;
        }
        return true;
    }

    private void OnConfirmed(EtcdWatchStream stream)
    {
        lock (_lock)
        {
            if (stream.WasRefused)
                return;
            _backoff.Reset();
            _warned = null;
        }
    }

    /// <summary>etcd dropped a watch: its past was compacted away, or the token has expired or allows too little.</summary>
    private void OnCanceled(EtcdWatchStream stream, EtcdWatch watch, WatchResponse response)
    {
        watch.Missed(Math.Max(response.CompactRevision - 1, response.Revision));
        if (response.CompactRevision != 0)
        {
            lock (_lock)
            {
                if (_watches.Contains(watch))
                    stream.Add(watch);
            }
            return;
        }
        _connection.ForgetToken();
        Warn($"etcd at {stream.Channel.Endpoint.Authority} refuses a watch: {EtcdFailure.Words(response.CancelReason)}; trying on");
        lock (_lock)
        {
            if (stream.WasRefused)
                return;
            stream.WasRefused = true;
        }
        _ = ReopenAsync(stream);
    }

    /// <summary>Another token needs another stream. The watches that were not refused go on until then.</summary>
    private async Task ReopenAsync(EtcdWatchStream stream)
    {
        await Task.Delay(_backoff.Next(), _time, _disposed.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stream.Dispose();
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
