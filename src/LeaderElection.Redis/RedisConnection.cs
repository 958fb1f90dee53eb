using System.Net;
using LeaderElection.Leases;
using StackExchange.Redis;

namespace LeaderElection.Redis;

/// <summary>The one connection to a server: made when first needed, with the subscription to news on it.</summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly ConfigurationOptions _settings;
    private readonly string _channel;
    private readonly RedisEvents _events;

    /// <summary>What the last attempt at each address failed of, unless there was one that did not.</summary>
    private readonly Dictionary<EndPoint, ConnectionTrouble> _troubles = [];

    /// <summary>The addresses that could not be connected to since it is being opened.</summary>
    private readonly HashSet<EndPoint> _failed = [];
    private TaskCompletionSource _allFailed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<ConnectionMultiplexer>? _opening;
    private bool _disposed;

    public RedisConnection(ConfigurationOptions settings, string channel, RedisEvents events)
    {
        _settings = settings;
        _settings.ConnectionAttemptCompleted += (_, attempt) => OnAttempt(attempt);
        _channel = channel;
        _events = events;
        Name = "Redis at " + string.Join(", ", settings.EndPoints.Select(Text));
    }

    /// <summary>The server, as errors name it; free of secrets.</summary>
    public string Name { get; }

    /// <summary>Runs a command; for trouble with the server there is one line.</summary>
    public async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> command, CancellationToken cancellationToken)
    {
        try
        {
            return await StartAsync(command).Observed().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsTrouble(e))
        {
            throw Explain(e);
        }
    }

    /// <summary>Runs a command as soon as there is a connection.</summary>
    public async Task<T> StartAsync<T>(Func<IDatabase, Task<T>> command) =>
        await command((await OpenAsync().ConfigureAwait(false)).GetDatabase()).ConfigureAwait(false);

    /// <summary>Whether it is trouble of the client's or the server's: whatever the client throws that nobody asked it for.</summary>
    public static bool IsTrouble(Exception e) => e is not (OperationCanceledException or ElectionStoreException);

    /// <summary>What to tell the user of a command that failed.</summary>
    public ElectionStoreException Explain(Exception e) => Explain(FirstLine(e.Message), e);

    /// <summary>What to tell the user of what the server said.</summary>
    public ElectionStoreException Explain(string text, Exception? e = null)
    {
        var inner = FirstLine(e?.InnerException?.Message ?? "");
        bool Says(string word) => text.Contains(word, StringComparison.Ordinal) || inner.Contains(word, StringComparison.Ordinal);
        if (Says("WRONGPASS") || Says("NOAUTH") || Says("invalid password") || Says("AuthenticationFailure") || Says("no password is set"))
            return PasswordRefused(e);
        // Within scripts it is said in other words.
        if (Says("NOPERM") || Says("ACL failure in script") || Says("The user executing the script can't"))
            return Error($"the user may not do what an election needs: {text}", transient: false, e);
        if (Says("WRONGTYPE"))
            return Error("a key of the election holds another type; delete it, or choose another KeyPrefix", transient: false, e);
        if (Says("READONLY") || Says("requires writable"))
            return Error("the server is a read-only replica; waiting for a master", transient: true, e);
        if (Says("must involve a single slot"))
            return Error("on a cluster all keys must be in one slot; put braces around the KeyPrefix", transient: false, e);
        if (Says("MOVED") || Says("CLUSTERDOWN") || Says("CROSSSLOT"))
            return Error($"the cluster does not serve the election's slot at the moment: {text}", transient: !Says("CROSSSLOT"), e);
        return e switch
        {
            TimeoutException => Error(FormattableString.Invariant($"no answer within {_settings.AsyncTimeout / 1000.0:0.###} s"), transient: true, e),
            RedisConnectionException or ObjectDisposedException => NoConnection(e),
            _ => Error(text, transient: true, e),
        };
    }

    /// <summary>What to tell the user of an answer that cannot be read.</summary>
    public ElectionStoreException Unreadable(Exception? e = null) =>
        Error("an answer of a kind that no Redis server gives to an election; is there something else, or in between?", transient: true, e);

    /// <summary>Reads an answer.</summary>
    /// <exception cref="ElectionStoreException">It is of a wrong kind, or what it says is not for this election.</exception>
    public T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not ElectionStoreException)
        {
            // Casts that fail, numbers that are none, fields that are missing: whatever it is, the answer is of no use.
            throw Unreadable(e);
        }
    }

    /// <inheritdoc cref="Read{T}"/>
    public void Read(Action read) => Read(() =>
    {
        read();
        return true;
    });

    public ValueTask DisposeAsync()
    {
        Task<ConnectionMultiplexer>? opening;
        lock (_lock)
        {
            _disposed = true;
            opening = _opening;
        }
        var closing = CloseAsync(opening);
        // A server that hangs is not waited for: what is still being opened is closed when it is there.
        return opening is { IsCompleted: true } ? new ValueTask(closing) : default;
    }

    private static async Task CloseAsync(Task<ConnectionMultiplexer>? opening)
    {
        try
        {
            if (opening is not null)
                await (await opening.ConfigureAwait(false)).CloseAsync(allowCommandsToComplete: false).ConfigureAwait(false);
        }
        catch (Exception e) when (IsTrouble(e))
        {
            // It was never open.
        }
    }

    private Task<ConnectionMultiplexer> OpenAsync()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_opening is null or { IsFaulted: true } or { IsCanceled: true })
            {
                _failed.Clear();
                _allFailed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _opening = ConnectAsync(_allFailed.Task).Observed();
            }
            return _opening;
        }
    }

    private async Task<ConnectionMultiplexer> ConnectAsync(Task allFailed)
    {
        var connecting = ConnectionMultiplexer.ConnectAsync(_settings).Observed();
        // The client goes on trying until its time is up; whoever waits wants to know at once.
        if (await Task.WhenAny(connecting, allFailed).ConfigureAwait(false) != connecting)
        {
            _ = CloseAsync(connecting);
            throw new RedisConnectionException(ConnectionFailureType.UnableToConnect, CommandFlags.None, "no address could be connected to");
        }
        var multiplexer = await connecting.ConfigureAwait(false);
        try
        {
            multiplexer.AddLibraryNameSuffix("LeaderElection");
            // What was published meanwhile, or to those who asked elsewhere, was not heard.
            multiplexer.ConnectionRestored += (_, _) => _events.OnReconnected();
            multiplexer.ConfigurationChanged += (_, _) => _events.OnReconnected();
            multiplexer.HashSlotMoved += (_, _) => _events.OnReconnected();
            // News must flow before the first question is asked, or an answer could grow old unnoticed.
            var news = await multiplexer.GetSubscriber().SubscribeAsync(RedisChannel.Literal(_channel)).ConfigureAwait(false);
            news.OnMessage(message => _events.OnMessage(message.Message.ToString()));
            foreach (var server in multiplexer.GetServers().Where(server => server is { IsConnected: true, IsReplica: false }))
                await WarnOfEvictionAsync(server).ConfigureAwait(false);
            return multiplexer;
        }
        catch
        {
            await CloseAsync(connecting).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A server that evicts keys may drop a lease or a counter of tokens.</summary>
    private async Task WarnOfEvictionAsync(IServer server)
    {
        string memory;
        try
        {
            memory = await server.InfoRawAsync("memory").ConfigureAwait(false) ?? "";
        }
        catch (RedisServerException)
        {
            // The user may not ask; then it is not told.
            return;
        }
        var settings = memory.Split("\r\n");
        var policy = settings.FirstOrDefault(s => s.StartsWith("maxmemory_policy:", StringComparison.Ordinal))?["maxmemory_policy:".Length..];
        if (policy is not (null or "noeviction") && !settings.Contains("maxmemory:0"))
            _events.Warn($"{Name}: maxmemory-policy is {policy}, so leases and fencing tokens may be evicted; set it to noeviction");
    }

    /// <summary>The client tells why it has no connection nowhere but here.</summary>
    private void OnAttempt(ConnectionAttemptCompletedEventArgs attempt)
    {
        if (attempt is not { EndPoint: { } endPoint, ConnectionType: ConnectionType.Interactive })
            return;
        if (attempt.IsSuccess)
        {
            lock (_lock) _troubles.Remove(endPoint);
            return;
        }
        _ = NoteAsync();

        async Task NoteAsync()
        {
            var trouble = await ConnectionTrouble.OfAsync(attempt, _settings.Ssl).ConfigureAwait(false);
            lock (_lock)
            {
                _troubles[endPoint] = trouble;
                // What there is to say of a password, the client says itself.
                if (!trouble.IsOfPassword)
                    _failed.Add(endPoint);
                // Of a cluster, or of several sentinels, one is enough.
                if (_settings.EndPoints.All(_failed.Contains))
                    _allFailed.TrySetResult();
            }
        }
    }

    private ElectionStoreException NoConnection(Exception e)
    {
        ConnectionTrouble[] troubles;
        lock (_lock) troubles = [.. _troubles.Values];
        if (troubles.Any(t => t.IsOfPassword))
            return PasswordRefused(e);
        var reasons = troubles.Select(t => t.Reason).Where(r => r is not null).Distinct().ToArray();
        return Error(reasons is [] ? "no connection" : $"no connection: {string.Join("; ", reasons)}", transient: true, e);
    }

    private ElectionStoreException PasswordRefused(Exception? e) =>
        Error("the password was refused, or one is needed; check the connection string", transient: false, e);

    private ElectionStoreException Error(string what, bool transient, Exception? e) => new($"{Name}: {what}", transient, e);

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();

    private static string Text(EndPoint endPoint) => endPoint switch
    {
        DnsEndPoint dns => $"{dns.Host}:{dns.Port}",
        _ => endPoint.ToString() ?? "?",
    };
}
