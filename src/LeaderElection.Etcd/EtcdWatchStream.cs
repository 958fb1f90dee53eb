using LeaderElection.Etcd.Protocol;

namespace LeaderElection.Etcd;

/// <summary>The stream of all watches of the process, at one endpoint.</summary>
internal sealed class EtcdWatchStream : IDisposable
{
    private const string Method = "Watch/Watch";

    /// <summary>etcd reports progress every ten to eleven minutes where nothing happens.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(12);

    private static readonly TimeSpan ConfirmationLimit = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly EtcdConnection _connection;
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenSource _silent = new();
    private readonly ITimer _timer;
    private readonly EtcdRequestBody _body;
    private readonly Dictionary<long, EtcdWatch> _watches = [];
    private readonly SortedSet<long> _unconfirmed = [];
    private long _nextId;

    public EtcdWatchStream(EtcdConnection connection, TimeProvider time)
    {
        _connection = connection;
        Channel = connection.Channel;
        _body = new EtcdRequestBody(time, _closed.Token);
        _timer = time.CreateTimer(static silent => ((CancellationTokenSource)silent!).Cancel(), _silent, ConfirmationLimit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Where it goes to.</summary>
    public EtcdChannel Channel { get; }

    /// <summary>Whether etcd watches everything that was asked for.</summary>
    public bool IsConfirmed
    {
        get { lock (_lock) return _unconfirmed.Count == 0; }
    }

    /// <summary>Whether a watch was refused: the others go on in it until another is opened.</summary>
    public bool WasRefused { get; set; }

    /// <summary>Asks for a watch.</summary>
    public void Add(EtcdWatch watch)
    {
        lock (_lock)
        {
            // A number is used once: etcd keeps those of watches that it has given up. From 0, as its grpc-proxy counts, which does not heed ours.
            watch.Id = _nextId++;
            _watches.Add(watch.Id, watch);
            _unconfirmed.Add(watch.Id);
            if (_unconfirmed.Count == 1)
                _timer.Change(ConfirmationLimit, Timeout.InfiniteTimeSpan);
            _body.Send(watch.CreateRequest(watch.Id).ToFrame());
        }
    }

    /// <summary>Gives a watch back.</summary>
    public void Remove(EtcdWatch watch)
    {
        lock (_lock)
        {
            if (_watches.GetValueOrDefault(watch.Id) == watch && _watches.Remove(watch.Id))
                _body.Send(new WatchCancelRequest(watch.Id).ToFrame());
        }
    }

    /// <summary>Runs until the stream ends, or the endpoint is given up; how it ended is in the exception.</summary>
    /// <param name="onConfirmed">Called whenever etcd watches everything that was asked for.</param>
    /// <param name="onCanceled">Called when etcd has given a watch up.</param>
    /// <exception cref="ElectionStoreException">It could not be opened, or broke.</exception>
    public async Task RunAsync(Action onConfirmed, Action<EtcdWatch, WatchResponse> onCanceled)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token, _silent.Token);
        try
        {
            using var answer = await _connection.OpenAsync(Channel, Method, _body, stop.Token).ConfigureAwait(false);
            await ListenAsync(answer.NextAsync, onConfirmed, onCanceled, stop.Token).ConfigureAwait(false);
        }
        catch (EtcdFailure e)
        {
            throw EtcdConnection.Error(Channel.Endpoint, e);
        }
        catch (OperationCanceledException e) when (!_closed.IsCancellationRequested)
        {
            throw EtcdConnection.Error(Channel.Endpoint, new EtcdFailure(EtcdFailure.NoAnswer, "the watch stream has broken", e));
        }
        finally
        {
            _timer.Dispose();
            Dispose();
        }
    }

    /// <summary>Reads until the stream ends, which is a failure.</summary>
    /// <exception cref="EtcdFailure">It ended, or said something else than etcd would.</exception>
    internal async Task ListenAsync(
        Func<CancellationToken, ValueTask<ArraySegment<byte>?>> next, Action onConfirmed, Action<EtcdWatch, WatchResponse> onCanceled, CancellationToken stop)
    {
        while (await next(stop).ConfigureAwait(false) is { } message)
        {
            var response = EtcdInput.Read(message, WatchResponse.Read);
            EtcdWatch? watch;
            bool isConfirmed;
            lock (_lock)
            {
                watch = response.Created && _unconfirmed.Count > 0 ? Created_NeedsLock(response) : _watches.GetValueOrDefault(response.WatchId);
                if (watch is not null && response.Canceled)
                    _watches.Remove(watch.Id);
                isConfirmed = _unconfirmed.Count == 0;
                if (isConfirmed)
                    _timer.Change(_watches.Count == 0 ? Timeout.InfiniteTimeSpan : LongestSilence, Timeout.InfiniteTimeSpan);
            }
            if (watch is not null && response.Canceled)
                onCanceled(watch, response);
            else
                watch?.Deliver(response);
            // The store may have been emptied, or restored from a backup; or this member lags behind, and the look was for nothing.
            if (response.Created && watch?.IsAheadOf(response.Revision) == true)
                watch.Doubt();
            if (response.Created && isConfirmed)
                onConfirmed();
        }
        throw new EtcdFailure(EtcdFailure.NoAnswer, "the watch stream has ended");
    }

    /// <summary>Creations are answered in their order, by a proxy in any; one that is refused has no number in newer versions.</summary>
    private EtcdWatch? Created_NeedsLock(WatchResponse response)
    {
        var asked = !response.Canceled && _unconfirmed.Contains(response.WatchId) ? response.WatchId : _unconfirmed.Min;
        _unconfirmed.Remove(asked);
        if (!_watches.TryGetValue(asked, out var watch) || response.Canceled || asked == response.WatchId)
            return watch;
        // Its number is the one that the answer carries.
        _watches.Remove(asked);
        _watches[response.WatchId] = watch;
        watch.Id = response.WatchId;
        return watch;
    }

    /// <summary>Ends it, elsewhere: who leaves a queue is in a hurry to say so.</summary>
    public void Dispose() => _ = _closed.CancelAsync();
}
