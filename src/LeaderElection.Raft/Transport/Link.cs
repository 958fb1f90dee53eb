using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace LeaderElection.Raft.Transport;

/// <summary>An authenticated connection to another member.</summary>
internal sealed class Link
{
    private const int BufferLength = 16 * 1024;

    /// <summary>A member that does not read is dropped when so much waits for it.</summary>
    private const int MostPending = FrameCodec.MaxLength + (1 << 20);

    private static readonly TimeSpan LongestFarewell = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly RaftTransport _transport;
    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly CancellationTokenSource _closed = new();
    private readonly long _patience;
    private ArrayBufferWriter<byte> _pending = new(BufferLength);
    private ArrayBufferWriter<byte> _spare = new(BufferLength);
    private Task _writing = Task.CompletedTask;
    private Task _reading = Task.CompletedTask;
    private bool _isWriting;
    private long _unansweredSince;

    /// <param name="transport">The transport of this member.</param>
    /// <param name="neighbour">The other member.</param>
    /// <param name="socket">The connection.</param>
    /// <param name="stream">What is said on it.</param>
    /// <param name="life">The process of the other member that this leads to.</param>
    /// <param name="directTo">Its end of the connection, if nothing stands in between.</param>
    public Link(RaftTransport transport, Neighbour neighbour, Socket socket, Stream stream, Life life, IPEndPoint? directTo)
    {
        _transport = transport;
        Neighbour = neighbour;
        _socket = socket;
        _stream = stream;
        Life = life;
        DirectTo = directTo;
        _patience = transport.LinkPatience;
    }

    public Neighbour Neighbour { get; }

    public Life Life { get; }

    public IPEndPoint? DirectTo { get; }

    /// <summary>Where this very process was seen to listen, with nothing in between.</summary>
    public IPEndPoint? ListensAt { get; set; }

    /// <summary>Begins to hear what the other member says; ends with the link.</summary>
    public void Start() => _reading = ReadAsync();

    /// <summary>Adds a message to what goes out with the next <see cref="Flush"/>.</summary>
    public void Append(ulong fingerprint, Message message)
    {
        bool isStuck;
        lock (_lock)
        {
            FrameCodec.Write(_pending, fingerprint, message);
            var now = _transport.Time.GetTimestamp();
            // Without this, a connection whose packets vanish would be tried again by TCP ever more rarely.
            if (_unansweredSince == 0 && message is Message.Heartbeat or Message.PreVote or Message.Vote or Message.Probe { IsAnswer: false })
                _unansweredSince = now;
            isStuck = _pending.WrittenCount > MostPending || (_unansweredSince != 0 && now - _unansweredSince > _patience);
        }
        Neighbour.CountSent();
        if (isStuck)
            Close();
    }

    /// <summary>Sends what was added. On this thread as far as the system takes it at once, which is as a rule all of it.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            if (_isWriting || _pending.WrittenCount == 0 || _closed.IsCancellationRequested)
                return;
            _isWriting = true;
        }
        _writing = WriteAsync();
    }

    /// <summary>Waits until what was flushed is on its way.</summary>
    public Task FlushedAsync() => _writing;

    /// <summary>Breaks the link off.</summary>
    public void Close()
    {
        lock (_lock)
        {
            if (_closed.IsCancellationRequested)
                return;
            // What is called off goes on elsewhere: not under the lock.
            _ = _closed.CancelAsync();
        }
        _stream.Dispose();
        _socket.Dispose();
    }

    /// <summary>Ends the link when all that was flushed has arrived, if that is soon.</summary>
    public async Task EndAsync()
    {
        try
        {
            await _writing.WaitAsync(LongestFarewell, _transport.Time).ConfigureAwait(false);
            // Closed at once, the socket could throw away what is still on its way.
            _socket.Shutdown(SocketShutdown.Send);
            await _reading.WaitAsync(LongestFarewell, _transport.Time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or SocketException or ObjectDisposedException)
        {
        }
        Close();
    }

    private async Task WriteAsync()
    {
        while (true)
        {
            ArrayBufferWriter<byte> batch;
            lock (_lock)
            {
                if (_pending.WrittenCount == 0)
                {
                    _isWriting = false;
                    return;
                }
                batch = _pending;
                _pending = _spare;
                _spare = batch;
            }
            try
            {
                if (await _transport.PassesAsync(Neighbour, _closed.Token).ConfigureAwait(false))
                    await _stream.WriteAsync(batch.WrittenMemory, _closed.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (IsBroken(e))
            {
                Close();
                return;
            }
            // One large message is no reason to keep as much memory for ever.
            if (batch.Capacity > 4 * BufferLength)
                _spare = new ArrayBufferWriter<byte>(BufferLength);
            else
                batch.ResetWrittenCount();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            await ReadFramesAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (IsBroken(e))
        {
            // The link is gone, and that is all there is to know.
        }
        Close();
        _transport.Ended(this);
    }

    private async Task ReadFramesAsync()
    {
        var buffer = new byte[BufferLength];
        var filled = 0;
        while (await _stream.ReadAsync(buffer.AsMemory(filled), _closed.Token).ConfigureAwait(false) is var count and > 0)
        {
            filled += count;
            lock (_lock) _unansweredSince = 0;
            var passes = await _transport.PassesAsync(Neighbour, _closed.Token).ConfigureAwait(false);
            var read = 0;
            FrameStatus status;
            string? problem;
            while ((status = FrameCodec.Read(buffer.AsSpan(read, filled - read), out var consumed, out var fingerprint, out var message, out problem)) == FrameStatus.Read)
            {
                read += consumed;
                Neighbour.CountReceived();
                if (passes)
                    _transport.Received(this, fingerprint, message!);
            }
            _transport.Handle();
            if (status == FrameStatus.Refused)
            {
                _transport.Refused(this, problem!);
                return;
            }
            filled -= read;
            buffer.AsSpan(read, filled).CopyTo(buffer);
            if (filled == buffer.Length)
                Array.Resize(ref buffer, Math.Min(buffer.Length * 2, FrameCodec.MaxLength + sizeof(uint)));
            else if (filled == 0 && buffer.Length > BufferLength)
                buffer = new byte[BufferLength];
        }
    }

    private static bool IsBroken(Exception e) => e is IOException or SocketException or ObjectDisposedException or OperationCanceledException;
}
