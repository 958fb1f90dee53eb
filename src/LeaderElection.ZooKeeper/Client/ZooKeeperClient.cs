using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using LeaderElection.Leases;
using LeaderElection.Telemetry;

namespace LeaderElection.ZooKeeper.Client;

/// <summary>
/// One ZooKeeper session, kept over one connection at a time: when that is lost, the session goes on at another server,
/// with its watches. It sends no heartbeats by itself; whoever holds the session does, with
/// <see cref="PingAsync"/> or <see cref="SyncAsync"/>.
/// </summary>
/// <remarks>
/// Requests made while there is no connection wait for one, in order, and fail once every server was tried in vain.
/// Requests under way when a connection is lost fail with a transient error: they may have been carried out.
/// Events and watches are called on the loop that reads: they must return at once.
/// </remarks>
internal sealed partial class ZooKeeperClient : IAsyncDisposable
{
    private static readonly TimeSpan ShortestConnect = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Queue<PendingRequest> _waiting = new();
    private readonly ZooKeeperClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ServerAddress[] _servers;
    private readonly WatchRegistry _watches = new();
    private ServerConnection? _connection;
    private ElectionStoreException? _over;
    private Handshake _session;
    private Task? _running;
    private long _lastZxid;

    public ZooKeeperClient(ZooKeeperClientOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _servers = [.. options.Servers.Servers];
        Random.Shared.Shuffle(_servers);
        _session = new Handshake(0, new byte[16], options.SessionTimeout);
        Evidence = new SessionEvidence(time);
        Name = $"ZooKeeper at {options.Servers}";
    }

    /// <summary>A connection was made; with whether the session is new.</summary>
    public event Action<bool>? Connected;

    /// <summary>The connection was lost; the session may live on.</summary>
    public event Action<ElectionStoreException>? Suspended;

    /// <summary>The server says that the session is no more. Nothing will work any longer.</summary>
    public event Action? Expired;

    /// <summary>The servers, as errors name them.</summary>
    public string Name { get; }

    /// <summary>The session's id; 0 before the first connection.</summary>
    public long SessionId
    {
        get { lock (_lock) return _session.SessionId; }
    }

    /// <summary>The time-out that the server granted; before the first connection what is asked for.</summary>
    public TimeSpan SessionTimeout
    {
        get { lock (_lock) return _session.Timeout; }
    }

    public bool IsConnected
    {
        get { lock (_lock) return _connection is not null; }
    }

    /// <summary>Whether the session has expired or was closed.</summary>
    public bool IsOver
    {
        get { lock (_lock) return _over is not null; }
    }

    public SessionEvidence Evidence { get; }

    public int WatchCount => _watches.Count;

    /// <summary>Ends the session at the server, with its ephemeral nodes, and then the connection. After an error it can be tried again.</summary>
    /// <exception cref="ElectionStoreException">The server could not be told.</exception>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (!IsOver && SessionId != 0)
        {
            await SendAsync(
                new Request<bool>(OpCode.CloseSession, new JuteWriter(0), static (ref _) => true, Name, "session"), cancellationToken).ConfigureAwait(false);
        }
        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Lets go of the session; without <see cref="CloseAsync"/> before, the server keeps it until it expires.</summary>
    public async ValueTask DisposeAsync()
    {
        // First: from now on no connection is adopted, and the one that was is seen here.
        Over(new ElectionStoreException($"{Name}: the session was closed", isTransient: true));
        Task? running;
        ServerConnection? connection;
        lock (_lock)
        {
            (running, connection) = (_running, _connection);
            _running ??= Task.CompletedTask;
        }
        await _stop.CancelAsync().ConfigureAwait(false);
        connection?.End(new ObjectDisposedException(nameof(ZooKeeperClient)));
        if (running is not null)
            await running.ConfigureAwait(false);
        _watches.FireAll();
    }

    private async Task<Reply<T>> SendAsync<T>(Request<T> request, CancellationToken cancellationToken)
    {
        Post(request);
        try
        {
            return await request.Reply.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            // If it has not gone out yet, it never will.
            request.Fail(e);
            throw;
        }
    }

    private void Post(PendingRequest request)
    {
        ServerConnection? ended = null;
        while (true)
        {
            ServerConnection? connection;
            lock (_lock)
            {
                connection = _connection == ended ? null : _connection;
                if (_over is not null)
                {
                    request.Fail(_over);
                    return;
                }
                _running ??= Task.Run(RunAsync);
                if (connection is null)
                {
                    _waiting.Enqueue(request);
                    return;
                }
            }
            // Not under the lock: who sends meanwhile shares one write.
            if (connection.TrySend(request))
                return;
            ended = connection;
        }
    }

    private async Task RunAsync()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1));
        var tried = 0;
        List<ElectionStoreException> troubles = [];
        for (var next = 0; !_stop.IsCancellationRequested; next = (next + 1) % _servers.Length)
        {
            var (connection, trouble) = await ConnectAsync(_servers[next]).ConfigureAwait(false);
            if (connection is not null)
            {
                trouble = await connection.RunAsync(_watches, Evidence, e => Explain(_servers[next], e)).ConfigureAwait(false);
                Drop(connection, trouble);
                if (connection.HasAnswered)
                {
                    tried = 0;
                    troubles.Clear();
                    backoff.Reset();
                    continue;
                }
            }
            troubles.Add(trouble!);
            if (++tried % _servers.Length != 0 || _stop.IsCancellationRequested)
                continue;
            // Every server was tried: whoever waits learns why, and the next round is not at once.
            FailWaiting(troubles.Find(t => t.IsTransient) ?? troubles[^1]);
            troubles.Clear();
            await Task.Delay(backoff.Next(), _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<(ServerConnection? Connection, ElectionStoreException? Trouble)> ConnectAsync(ServerAddress server)
    {
        Handshake wanted;
        lock (_lock) wanted = _session;
        var isNew = wanted.SessionId == 0;
        using var late = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using var limit = new CancellationTokenSource(ConnectLimit(wanted), _time);
        await using var giveUp = limit.Token
            .UnsafeRegister(static late => ((CancellationTokenSource)late!).Cancel(), late).ConfigureAwait(false);
        ServerConnection? connection = null;
        try
        {
            connection = await ServerConnection.OpenAsync(server, _options.Tls, _time, late.Token).ConfigureAwait(false);
            var sent = _time.GetTimestamp();
            var answer = await connection.ShakeHandsAsync(wanted, _lastZxid, late.Token).ConfigureAwait(false);
            if (answer.SessionId == 0 || answer.Timeout <= TimeSpan.Zero || (!isNew && (answer.SessionId != wanted.SessionId || answer.Timeout < wanted.Timeout)))
            {
                // Another session has none of its nodes. A shorter time than before would end it before its holder expects that: then rather now.
                await connection.DisposeAsync().ConfigureAwait(false);
                var expired = new ElectionStoreException($"{Name}: the session has expired", isTransient: true);
                await ExpireAsync(expired).ConfigureAwait(false);
                return (null, expired);
            }
            if (Adopt(connection, answer, sent, isNew) is not { } over)
                return (connection, null);
            await connection.DisposeAsync().ConfigureAwait(false);
            return (null, over);
        }
        catch (Exception e)
        {
            if (e is InvalidDataException)
                ElectionTelemetry.Refused("handshake", "zookeeper");
            if (connection is not null)
                await connection.DisposeAsync().ConfigureAwait(false);
            return (null, Explain(server, e is OperationCanceledException ? new TimeoutException("no answer in time") : e));
        }
    }

    /// <summary>
    /// A session that lives leaves time for another attempt, also where there is one server only: a connection that
    /// comes while that starts may never be answered (seen with 3.8.0). A new session has nothing to lose yet.
    /// </summary>
    private static TimeSpan ConnectLimit(Handshake wanted)
    {
        var limit = wanted.Timeout / 3;
        if (wanted.SessionId == 0 && limit < ShortestConnect)
            return ShortestConnect;
        return limit < LongestConnect ? limit : LongestConnect;
    }

    /// <returns>Why it was not, when the session was closed meanwhile: who closes it has seen no connection to end.</returns>
    private ElectionStoreException? Adopt(ServerConnection connection, Handshake session, long sent, bool isNew)
    {
        Evidence.Handshake(sent, _time.GetTimestamp(), session.Timeout);
        if (_options.Digest is { } digest)
            connection.Authenticate("digest", Encoding.UTF8.GetBytes(digest));
        connection.SetWatches(_watches.Keys());
        lock (_lock)
        {
            if (_over is not null)
                return _over;
            _session = isNew ? session : _session;
            _connection = connection;
            // Those that waited go first.
            while (_waiting.TryPeek(out var request) && (request.IsDone || connection.TrySend(request)))
                _waiting.Dequeue();
        }
        Connected?.Invoke(isNew);
        return null;
    }

    private void Drop(ServerConnection connection, ElectionStoreException trouble)
    {
        _lastZxid = Math.Max(_lastZxid, connection.LastZxid);
        lock (_lock) _connection = null;
        if (_stop.IsCancellationRequested)
            return;
        Suspended?.Invoke(trouble);
        _watches.FireInterrupted();
    }

    private async Task ExpireAsync(ElectionStoreException expired)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        if (!Over(expired))
            return;
        Expired?.Invoke();
        _watches.FireAll();
    }

    private bool Over(ElectionStoreException reason)
    {
        lock (_lock)
        {
            if (_over is not null)
                return false;
            _over = reason;
        }
        FailWaiting(reason);
        return true;
    }

    private void FailWaiting(ElectionStoreException reason)
    {
        PendingRequest[] waiting;
        lock (_lock)
        {
            waiting = [.. _waiting];
            _waiting.Clear();
        }
        foreach (var request in waiting)
            request.Fail(reason);
    }

    private ElectionStoreException Explain(ServerAddress server, Exception e)
    {
        // Of what stands in files and certificates, retrying changes nothing.
        var (what, transient) = e switch
        {
            ElectionStoreException known => (known.Message, known.IsTransient),
            AuthenticationException => ($"TLS failed: {FirstLine((e.InnerException ?? e).Message)}", false),
            CryptographicException or ArgumentException or UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException =>
                ($"TLS failed, a certificate or key cannot be used: {FirstLine(e.Message)}", false),
            SocketException socket => ($"no connection ({socket.SocketErrorCode})", true),
            IOException { InnerException: SocketException socket } => ($"the connection was lost ({socket.SocketErrorCode})", true),
            ObjectDisposedException => ("the connection was closed", true),
            _ => (FirstLine(e.Message), true),
        };
        return new ElectionStoreException($"{Name}: {server}: {what}", transient, e);
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();
}
