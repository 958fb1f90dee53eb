using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using LeaderElection.Etcd.Protocol;

namespace LeaderElection.Etcd;

/// <summary>One answer of etcd that never ends, with the events of the watches that were asked for together.</summary>
internal sealed class EtcdWatchStream : IDisposable
{
    /// <summary>etcd reports progress every ten to eleven minutes where nothing happens.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(12);

    private static readonly TimeSpan ConfirmationLimit = TimeSpan.FromSeconds(5);

    private const string What = "watch stream";

    private readonly EtcdConnection _connection;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closed = new();
    private readonly EtcdWatch[] _asked;
    private readonly Dictionary<long, EtcdWatch> _byId;
    private int _confirmed;

    public EtcdWatchStream(EtcdConnection connection, TimeProvider time, HashSet<EtcdWatch> watches)
    {
        _connection = connection;
        _time = time;
        Endpoint = connection.Endpoint;
        _asked = [.. watches];
        _byId = _asked.ToDictionary(w => w.Id);
        Live = watches;
    }

    /// <summary>The watches that are still wanted. The hub's lock guards it.</summary>
    public HashSet<EtcdWatch> Live { get; }

    /// <summary>How many watches it has at the server, wanted or not.</summary>
    public int Size => _asked.Length;

    /// <summary>Where it goes to.</summary>
    public Uri Endpoint { get; }

    /// <summary>Runs until the stream ends, or the endpoint is given up; how it ended is in the exception.</summary>
    /// <param name="onConfirmed">Called when etcd watches everything that was asked for.</param>
    /// <param name="onCanceled">Called when etcd has given a watch up.</param>
    /// <exception cref="ElectionStoreException">It could not be opened, or broke.</exception>
    public async Task RunAsync(Action onConfirmed, Action<EtcdWatch, WatchResponse> onCanceled)
    {
        using var response = await _connection.OpenAsync(Endpoint, "watch", Body(), _closed.Token).ConfigureAwait(false);
        using var silent = new CancellationTokenSource();
        using var timer = _time.CreateTimer(
            static source => ((CancellationTokenSource)source!).Cancel(), silent, ConfirmationLimit, Timeout.InfiniteTimeSpan);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token, silent.Token);
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(stop.Token).ConfigureAwait(false);
            await ListenAsync(stream, onConfirmed, onCanceled, () => timer.Change(LongestSilence, Timeout.InfiniteTimeSpan), stop.Token).ConfigureAwait(false);
        }
        catch (EtcdFailure e)
        {
            throw EtcdConnection.Error(Endpoint, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || silent.IsCancellationRequested)
        {
            throw EtcdConnection.Error(Endpoint, new EtcdFailure(EtcdFailure.NoAnswer, "the watch stream has broken", e));
        }
    }

    /// <summary>Reads line by line until the stream ends, which is a failure.</summary>
    /// <exception cref="EtcdFailure">It ended, or said something else than etcd would.</exception>
    internal async Task ListenAsync(
        Stream stream, Action onConfirmed, Action<EtcdWatch, WatchResponse> onCanceled, Action onQuiet, CancellationToken stop)
    {
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024));
        // How much was looked at without finding an end of line: looked at again with each piece, a long line would take for ever.
        var searched = 0L;
        while (true)
        {
            var read = await reader.ReadAsync(stop).ConfigureAwait(false);
            var buffer = read.Buffer;
            while (buffer.Slice(searched).PositionOf((byte)'\n') is { } end)
            {
                OnLine(buffer.Slice(0, end), onConfirmed, onCanceled);
                buffer = buffer.Slice(buffer.GetPosition(1, end));
                searched = 0;
            }
            searched = buffer.Length;
            if (searched > EtcdReply.MaxLength)
                throw EtcdReply.TooLong(What);
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
                throw new EtcdFailure(EtcdFailure.NoAnswer, "the watch stream has ended");
            if (_confirmed == _asked.Length)
                onQuiet();
        }
    }

    /// <summary>Ends it, elsewhere: who leaves a queue is in a hurry to say so.</summary>
    public void Dispose() => _ = _closed.CancelAsync();

    private void OnLine(ReadOnlySequence<byte> line, Action onConfirmed, Action<EtcdWatch, WatchResponse> onCanceled)
    {
        if (line.IsEmpty)
            return;
        var item = EtcdReply.Parse(line.IsSingleSegment ? line.FirstSpan : line.ToArray(), EtcdJson.Default.StreamItemWatchResponse, What);
        if (item.Error is { } error)
            throw error.ToFailure();
        if (item.Result is not { } response)
            return;
        // Creations are answered in their order; one that is refused has no id in newer versions.
        var watch = response.Created && _confirmed < _asked.Length ? _asked[_confirmed++] : _byId.GetValueOrDefault(response.WatchId);
        if (watch is not null && response.Canceled)
            onCanceled(watch, response);
        else
            watch?.Deliver(response);
        if (response.Created && _confirmed == _asked.Length)
            onConfirmed();
    }

    private byte[] Body()
    {
        var body = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(body);
        foreach (var watch in _asked)
        {
            JsonSerializer.Serialize(writer, watch.CreateRequest(), EtcdJson.Default.WatchRequest);
            writer.Reset();
        }
        return body.WrittenSpan.ToArray();
    }
}
