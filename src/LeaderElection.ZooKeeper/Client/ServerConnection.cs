using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using LeaderElection.Network;
using LeaderElection.Telemetry;

namespace LeaderElection.ZooKeeper.Client;

/// <summary>
/// One connection to one server: requests go out as they come, replies come back in the same order, so many are under
/// way at once. Ends by itself when the server fails to answer in time.
/// </summary>
internal sealed class ServerConnection : IAsyncDisposable
{
    private const int WatchEventXid = -1;
    private const int PingXid = -2;
    private const int AuthXid = -4;
    private const int SetWatchesXid = -8;

    private const string HungUp = "the server closed the connection before it answered; it may have as many connections from this machine as it allows "
        + "(maxClientCnxns), have no quorum, or have lost its data; its log says which";

    private readonly Lock _lock = new();
    private readonly Queue<PendingRequest> _pending = new();
    private readonly Queue<PendingRequest> _pings = new();
    private readonly Stream _stream;
    private readonly FrameReader _frames;
    private readonly TimeProvider _time;
    private readonly ITimer _watchdog;
    private JuteWriter _outgoing = new(4096);
    private JuteWriter _leaving = new(4096);
    private Exception? _ended;
    private long _answerLimit;
    private int _lastXid;
    private int _holds;
    private bool _isFlushing;
    private bool _isWatched;
    private string _reading = "reply";

    internal ServerConnection(Stream stream, TimeProvider time)
    {
        _stream = stream;
        _frames = new FrameReader(stream);
        _time = time;
        _watchdog = time.CreateTimer(static self => ((ServerConnection)self!).OnWatchdog(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether the server has answered anything but the handshake.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>The last transaction that the server has told of.</summary>
    public long LastZxid { get; private set; }

    public static async Task<ServerConnection> OpenAsync(ServerAddress server, ZooKeeperTls? tls, TimeProvider time, CancellationToken cancellationToken)
    {
        var socket = await HappyEyeballs.ConnectAsync(server.Host, server.Port, time, cancellationToken).ConfigureAwait(false);
        Stream? stream = null;
        try
        {
            stream = new NetworkStream(socket, ownsSocket: true);
            if (tls is not null)
            {
                var secure = new SslStream(stream);
                stream = secure;
                await secure.AuthenticateAsClientAsync(tls.CreateOptions(server.Host), cancellationToken).ConfigureAwait(false);
            }
            return new ServerConnection(stream, time);
        }
        catch
        {
            if (stream is not null)
                await stream.DisposeAsync().ConfigureAwait(false);
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Asks for a session.</summary>
    public async Task<Handshake> ShakeHandsAsync(Handshake wanted, long lastZxid, CancellationToken cancellationToken)
    {
        LastZxid = lastZxid;
        var writer = new JuteWriter();
        wanted.WriteTo(writer.Int(0), lastZxid);
        var frame = writer.Written.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        Handshake answer;
        try
        {
            await _stream.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
            answer = Handshake.Read((await _frames.ReadAsync(cancellationToken).ConfigureAwait(false)).Span);
        }
        catch (IOException e) when (e is EndOfStreamException or { InnerException: SocketException })
        {
            // An end, a reset or a broken pipe: it hung up all the same, and never says why.
            throw new EndOfStreamException(HungUp, e);
        }
        // A leader that hears nothing for so long has time left to find another server; but no hiccup counts as silence.
        var limit = Math.Max(answer.Timeout.TotalSeconds / 3, Math.Min(0.5, answer.Timeout.TotalSeconds * 2 / 3));
        _answerLimit = (long)(limit * _time.TimestampFrequency);
        return answer;
    }

    /// <summary>Presents credentials; a server that does not like them says so and hangs up.</summary>
    public void Authenticate(string scheme, ReadOnlySpan<byte> credentials)
    {
        lock (_lock) Append_NeedsLock(AuthXid, OpCode.Auth, new JuteWriter().Int(0).Text(scheme).Buffer(credentials).Written.Span);
        Flush();
    }

    /// <summary>Sets the watches again that another server had; what happened since fires at once.</summary>
    public void SetWatches(IEnumerable<(string Path, WatchKind Kind)> watches)
    {
        // In parts, each well below the longest frame that a server takes (1 MB).
        foreach (var part in watches.Chunk(500))
        {
            var body = new JuteWriter(16 * 1024).Long(LastZxid);
            foreach (var kind in (ReadOnlySpan<WatchKind>)[WatchKind.Data, WatchKind.Exist, WatchKind.Child])
                body.Texts([.. part.Where(w => w.Kind == kind).Select(w => w.Path)]);
            lock (_lock) Append_NeedsLock(SetWatchesXid, OpCode.SetWatches, body.Written.Span);
        }
        Flush();
    }

    /// <returns><see langword="false"/> when the connection has ended: then the request was not sent.</returns>
    public bool TrySend(PendingRequest request)
    {
        lock (_lock)
        {
            if (_ended is not null)
                return false;
            var isPing = request.Op == OpCode.Ping;
            request.Xid = isPing ? PingXid : _lastXid = _lastXid == int.MaxValue ? 1 : _lastXid + 1;
            request.Sent = _time.GetTimestamp();
            (isPing ? _pings : _pending).Enqueue(request);
            Append_NeedsLock(request.Xid, request.Op, request.Body.Span);
            if (!_isWatched)
            {
                _isWatched = true;
                _watchdog.Change(_time.GetElapsedTime(0, _answerLimit), Timeout.InfiniteTimeSpan);
            }
        }
        Flush();
        return true;
    }

    /// <summary>What is sent until the result is disposed goes out in one write.</summary>
    public Holding Hold()
    {
        lock (_lock) _holds++;
        return new Holding(this);
    }

    /// <summary>Reads until the connection ends.</summary>
    /// <param name="explain">Says what is to be told to those who wait for an answer.</param>
    /// <returns>Why it ended.</returns>
    public async Task<ElectionStoreException> RunAsync(WatchRegistry watches, SessionEvidence evidence, Func<Exception, ElectionStoreException> explain)
    {
        try
        {
            while (true)
                Handle((await _frames.ReadAsync(CancellationToken.None).ConfigureAwait(false)).Span, watches, evidence);
        }
        catch (Exception e)
        {
            if (e is InvalidDataException)
                ElectionTelemetry.Refused(_reading, "zookeeper");
            End(e);
        }
        await DisposeAsync().ConfigureAwait(false);
        PendingRequest[] left;
        var reason = explain(_ended!);
        lock (_lock) left = [.. _pending, .. _pings];
        foreach (var request in left)
            request.Fail(reason);
        return reason;
    }

    /// <summary>Hangs up.</summary>
    public void End(Exception reason)
    {
        lock (_lock)
        {
            if (_ended is not null)
                return;
            _ended = reason;
        }
        _stream.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        End(new ObjectDisposedException(nameof(ServerConnection)));
        await _watchdog.DisposeAsync().ConfigureAwait(false);
    }

    private void Handle(ReadOnlySpan<byte> frame, WatchRegistry watches, SessionEvidence evidence)
    {
        var reader = new JuteReader(frame);
        var xid = reader.Int();
        var zxid = reader.Long();
        var code = (ErrorCode)reader.Int();
        if (zxid > 0)
            LastZxid = zxid;
        _reading = xid == WatchEventXid ? "notification" : "reply";
        switch (xid)
        {
            case WatchEventXid:
                var what = (WatchEvent)reader.Int();
                _ = reader.Int(); // the session's state: what matters of it comes as the end of the connection
                watches.Fire(reader.Text(), what);
                return;
            case AuthXid or SetWatchesXid:
                if (code != ErrorCode.Ok)
                    throw ZooKeeperErrors.Explain(code, xid == AuthXid ? "authentication" : "watches");
                return;
        }
        PendingRequest? request;
        lock (_lock)
        {
            if (!(xid == PingXid ? _pings : _pending).TryDequeue(out request))
                throw new InvalidDataException("it answered what was not asked");
        }
        if (request.Xid != xid)
        {
            request.Fail(new ElectionStoreException("the server answered out of order", isTransient: true));
            throw new InvalidDataException("it answered out of order");
        }
        HasAnswered = true;
        if (code == ErrorCode.Ok && GoesToTheLeader(request.Op))
            evidence.LeaderAnswered(request.Sent, _time.GetTimestamp());
        else
            evidence.Answered(request.Sent, _time.GetTimestamp());
        request.Complete(code, ref reader, watches);
        if (code is ErrorCode.SessionExpired or ErrorCode.SessionMoved or ErrorCode.AuthFailed)
            throw ZooKeeperErrors.Explain(code, "the server");
    }

    private static bool GoesToTheLeader(OpCode op) =>
        op is OpCode.Sync or OpCode.Create2 or OpCode.CreateContainer or OpCode.Delete or OpCode.SetData or OpCode.Multi;

    private void Append_NeedsLock(int xid, OpCode op, ReadOnlySpan<byte> body) =>
        _outgoing.Int(8 + body.Length).Int(xid).Int((int)op).Raw(body);

    /// <summary>Writes what there is; what comes meanwhile goes out together with the next write.</summary>
    private void Flush()
    {
        lock (_lock)
        {
            if (_isFlushing || _holds > 0 || _outgoing.Length == 0)
                return;
            _isFlushing = true;
        }
        _ = FlushAsync();
    }

    private async Task FlushAsync()
    {
        try
        {
            while (true)
            {
                lock (_lock)
                {
                    if (_outgoing.Length == 0)
                    {
                        _isFlushing = false;
                        return;
                    }
                    (_outgoing, _leaving) = (_leaving, _outgoing);
                }
                await _stream.WriteAsync(_leaving.Written).ConfigureAwait(false);
                _leaving.Clear();
            }
        }
        catch (Exception e)
        {
            End(e);
        }
    }

    private void Release()
    {
        lock (_lock) _holds--;
        Flush();
    }

    private void OnWatchdog()
    {
        lock (_lock)
        {
            if (_ended is not null)
                return;
            var oldest = long.MaxValue;
            if (_pending.TryPeek(out var request))
                oldest = request.Sent;
            if (_pings.TryPeek(out var ping))
                oldest = Math.Min(oldest, ping.Sent);
            _isWatched = oldest != long.MaxValue;
            if (!_isWatched)
                return;
            var left = _time.GetElapsedTime(_time.GetTimestamp(), oldest + _answerLimit);
            if (left > TimeSpan.Zero)
            {
                _watchdog.Change(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
                return;
            }
        }
        End(new TimeoutException("it did not answer in time"));
    }

    /// <summary>Ends what <see cref="Hold"/> began.</summary>
    internal readonly struct Holding(ServerConnection? connection) : IDisposable
    {
        public void Dispose() => connection?.Release();
    }
}
