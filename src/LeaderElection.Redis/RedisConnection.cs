using LeaderElection.Leases;
using StackExchange.Redis;

namespace LeaderElection.Redis;

/// <summary>The one connection of a backend: made when first needed, with the subscription to news on it.</summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly ConfigurationOptions _configuration;
    private readonly string _channel;
    private readonly Action<string> _onMessage;
    private readonly Action _onReconnected;
    private readonly Action<string> _warn;
    private Task<ConnectionMultiplexer>? _opening;
    private bool _disposed;
    private ConnectionFailureType _lastFailure;

    public RedisConnection(string connectionString, string channel, Action<string> onMessage, Action onReconnected, Action<string> warn)
    {
        _configuration = ConfigurationOptions.Parse(connectionString);
        // Only a failed first attempt says why it failed. It is made again by whoever needs the connection next.
        _configuration.AbortOnConnectFail = true;
        _configuration.ClientName ??= "LeaderElection";
        _channel = channel;
        _onMessage = onMessage;
        _onReconnected = onReconnected;
        _warn = warn;
        Name = "Redis at " + string.Join(", ", _configuration.EndPoints.Select(Text));
    }

    /// <summary>The server, as errors name it; free of secrets.</summary>
    public string Name { get; }

    public async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> command, CancellationToken cancellationToken)
    {
        try
        {
            var multiplexer = await OpenAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            return await command(multiplexer.GetDatabase()).Observed().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfRedis(e))
        {
            throw Explain(e);
        }
        catch (OperationCanceledException e)
        {
            throw ExplainEnd(e);
        }
        finally
        {
            // Older clients complete their calls on the one thread that reads replies: who awaits this must not hold that up.
            await Task.Yield();
        }
    }

    /// <summary>Runs a command as soon as there is a connection. What follows must not hold up the thread that reads replies.</summary>
    public async Task<T> StartAsync<T>(Func<IDatabase, Task<T>> command) =>
        await command((await OpenAsync().ConfigureAwait(false)).GetDatabase()).ConfigureAwait(false);

    public static bool IsOfRedis(Exception e) => e is RedisException or TimeoutException or ObjectDisposedException;

    /// <summary>What to tell the user of a command that failed.</summary>
    public ElectionStoreException Explain(Exception e) => Explain(FirstLine(e.Message), e);

    /// <summary>What to tell the user of a command that was not waited for any longer.</summary>
    public Exception ExplainEnd(OperationCanceledException e)
    {
        Task<ConnectionMultiplexer>? opening;
        lock (_lock) opening = _opening;
        if (opening is not { IsCompletedSuccessfully: true, Result.IsConnected: false })
            return e;
        // Newer clients keep a command until there is a connection again.
        return _lastFailure == ConnectionFailureType.AuthenticationFailure ? PasswordRefused(e) : Error("no connection", transient: true, e);
    }

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
        catch (Exception e) when (e is RedisException or TimeoutException)
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
                _opening = ConnectAsync().Observed();
            return _opening;
        }
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(_configuration).ConfigureAwait(false);
        try
        {
            multiplexer.ConnectionFailed += (_, failure) => _lastFailure = failure.FailureType;
            multiplexer.ConnectionRestored += (_, _) =>
            {
                _lastFailure = ConnectionFailureType.None;
                _onReconnected();
            };
            // News must flow before the first question is asked, or an answer could grow old unnoticed.
            await multiplexer.GetSubscriber()
                .SubscribeAsync(new RedisChannel(_channel, RedisChannel.PatternMode.Literal), (_, message) => _onMessage(message.ToString()))
                .ConfigureAwait(false);
            await WarnOfEvictionAsync(multiplexer.GetDatabase()).ConfigureAwait(false);
            return multiplexer;
        }
        catch
        {
            multiplexer.Dispose();
            throw;
        }
    }

    /// <summary>A server that evicts keys may drop a lease or a counter of tokens.</summary>
    private async Task WarnOfEvictionAsync(IDatabase database)
    {
        string memory;
        try
        {
            memory = (await database.ScriptEvaluateAsync("return redis.call('INFO', 'memory')").ConfigureAwait(false)).ToString() ?? "";
        }
        catch (RedisServerException)
        {
            // The user may not ask; then it is not told.
            return;
        }
        var settings = memory.Split("\r\n");
        var policy = settings.FirstOrDefault(s => s.StartsWith("maxmemory_policy:", StringComparison.Ordinal))?["maxmemory_policy:".Length..];
        if (policy is not (null or "noeviction") && !settings.Contains("maxmemory:0"))
            _warn($"{Name}: maxmemory-policy is {policy}, so leases and fencing tokens may be evicted; set it to noeviction");
    }

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
        if (Says("READONLY"))
            return Error("the server is a read-only replica; waiting for a master", transient: true, e);
        if (Says("MOVED") || Says("CLUSTERDOWN") || Says("CROSSSLOT"))
            return Error($"the cluster does not serve the election's slot at the moment: {text}", transient: !Says("CROSSSLOT"), e);
        if (e is RedisConnectionException or TimeoutException or ObjectDisposedException)
            return Error("no connection", transient: true, e);
        return Error(text, transient: true, e);
    }

    private ElectionStoreException PasswordRefused(Exception? e) =>
        Error("the password was refused, or one is needed; check the connection string", transient: false, e);

    private ElectionStoreException Error(string what, bool transient, Exception? e) => new($"{Name}: {what}", transient, e);

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();

    private static string Text(System.Net.EndPoint endPoint) => endPoint switch
    {
        System.Net.DnsEndPoint dns => $"{dns.Host}:{dns.Port}",
        _ => endPoint.ToString() ?? "?",
    };
}
