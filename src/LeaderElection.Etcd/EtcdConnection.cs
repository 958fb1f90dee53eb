using LeaderElection.Etcd.Protocol;
using LeaderElection.Leases;

namespace LeaderElection.Etcd;

/// <summary>
/// Talks to one member of the cluster at a time, by gRPC over one connection; goes on with the next when that one fails.
/// Requests and watches follow the same member, so that a watch is not left on one that is cut off.
/// </summary>
internal sealed class EtcdConnection : IDisposable
{
    private readonly Lock _lock = new();
    private readonly IReadOnlyList<Uri> _endpoints;
    private readonly string? _username;
    private readonly string? _password;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private readonly EtcdCertificates _certificates;
    private EtcdChannel _channel;
    private int _current;
    private bool _disposed;
    private Task<string?>? _token;

    public EtcdConnection(EtcdElectionOptions options, TimeProvider time)
    {
        EtcdAddress.TryParse(options.ConnectionString!, out var address);
        _endpoints = address.Endpoints;
        _username = options.Username ?? address.Username;
        _password = options.Password ?? address.Password;
        _time = time;
        // A member that hangs must leave enough of the lease to ask the next.
        _patience = TimeSpan.FromSeconds(Math.Clamp(options.LeaseDuration.TotalSeconds / 4, 0.5, 5));
        _certificates = new EtcdCertificates(options);
        _current = options.StartsAnywhere ? Random.Shared.Next(_endpoints.Count) : 0;
        _channel = CreateChannel();
    }

    /// <summary>The current connection was given up for another.</summary>
    public event Action? Moved;

    /// <summary>Where requests and watches go to.</summary>
    public EtcdChannel Channel => Volatile.Read(ref _channel);

    /// <summary>Asks etcd; when an endpoint fails each of the others is asked as well. For what may safely be asked twice.</summary>
    /// <exception cref="ElectionStoreException">It failed; inside is an <see cref="EtcdFailure"/>.</exception>
    public Task<TReply> AskAsync<TReply>(string method, EtcdMessage request, Func<EtcdInput, TReply> read, CancellationToken cancellationToken) =>
        AskAsync(request, _endpoints.Count, (channel, frame, token, stop) => channel.AskAsync(method, frame, read, token, stop), cancellationToken);

    /// <summary>The same for a method that takes a stream of requests.</summary>
    /// <exception cref="ElectionStoreException">It failed; inside is an <see cref="EtcdFailure"/>.</exception>
    public Task<TReply> AskStreamAsync<TReply>(string method, EtcdMessage request, Func<EtcdInput, TReply> read, CancellationToken cancellationToken) =>
        AskAsync(request, _endpoints.Count, (channel, frame, token, stop) => channel.AskStreamAsync(method, frame, read, token, stop), cancellationToken);

    /// <summary>Asks the current endpoint once. For what must not be done twice.</summary>
    /// <exception cref="ElectionStoreException">It failed; inside is an <see cref="EtcdFailure"/>.</exception>
    public Task<TReply> AskOnceAsync<TReply>(string method, EtcdMessage request, Func<EtcdInput, TReply> read, CancellationToken cancellationToken) =>
        AskAsync(request, 1, (channel, frame, token, stop) => channel.AskAsync(method, frame, read, token, stop), cancellationToken);

    /// <summary>Opens a stream of requests and answers.</summary>
    /// <exception cref="ElectionStoreException">It failed; inside is an <see cref="EtcdFailure"/>.</exception>
    public Task<EtcdAnswer> OpenAsync(EtcdChannel channel, string method, HttpContent body, CancellationToken cancellationToken) =>
        WithTokenAsync(channel, (token, stop) => channel.OpenAsync(method, body, token, stop), cancellationToken);

    /// <summary>
    /// Gives a connection up, if it is still the current one: for the next endpoint; to the only one a new connection,
    /// if the old one is silent or the certificates were renewed.
    /// </summary>
    /// <returns>Whether the new one shows other certificates: then what was refused may not be any more.</returns>
    public bool MoveFrom(EtcdChannel channel)
    {
        bool isAsAnother;
        lock (_lock)
        {
            if (_disposed || !ReferenceEquals(channel, _channel))
                return false;
            isAsAnother = _certificates.Renew();
            if (_endpoints.Count == 1 && channel.Silence < _patience && !isAsAnother)
                return false;
            _current = (_current + 1) % _endpoints.Count;
            Volatile.Write(ref _channel, CreateChannel());
        }
        channel.Dispose();
        Moved?.Invoke();
        return isAsAnother;
    }

    /// <summary>The token was refused: the next request gets a new one.</summary>
    public void ForgetToken()
    {
        lock (_lock) _token = null;
    }

    /// <summary>Says in one line what went wrong, and where.</summary>
    public static ElectionStoreException Error(Uri endpoint, EtcdFailure failure) =>
        new($"etcd at {endpoint.GetLeftPart(UriPartial.Authority)}: {failure.Explain()}", failure.IsTransient, failure);

    public void Dispose()
    {
        // A request that still runs must not open another connection, which nobody would close.
        lock (_lock) _disposed = true;
        Channel.Dispose();
    }

    private EtcdChannel CreateChannel() => new(_endpoints[_current], EtcdTransport.Create(_certificates.Tls, _patience, _time), _time);

    private async Task<TReply> AskAsync<TReply>(
        EtcdMessage request, int attempts, Func<EtcdChannel, byte[], string?, CancellationToken, Task<TReply>> ask, CancellationToken cancellationToken)
    {
        var frame = request.ToFrame();
        while (true)
        {
            var channel = Channel;
            try
            {
                return await WithTokenAsync(channel, (token, stop) => ask(channel, frame, token, stop), cancellationToken).ConfigureAwait(false);
            }
            catch (ElectionStoreException e) when (e.InnerException is EtcdFailure { IsOfEndpoint: true })
            {
                var isAsAnother = MoveFrom(channel);
                if ((--attempts <= 0 && !isAsAnother) || cancellationToken.IsCancellationRequested)
                    throw;
            }
        }
    }

    private async Task<T> WithTokenAsync<T>(EtcdChannel channel, Func<string?, CancellationToken, Task<T>> request, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_patience, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            var used = TokenAsync(channel);
            try
            {
                return await request(await used.WaitAsync(stop.Token).ConfigureAwait(false), stop.Token).ConfigureAwait(false);
            }
            catch (EtcdFailure e) when (e.WantsToken)
            {
                lock (_lock)
                {
                    // Others may have renewed it meanwhile.
                    if (_token == used)
                        _token = null;
                }
                return await request(await TokenAsync(channel).WaitAsync(stop.Token).ConfigureAwait(false), stop.Token).ConfigureAwait(false);
            }
        }
        catch (EtcdFailure e)
        {
            throw Error(channel.Endpoint, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // Its own time is up, or that of the connection, or that of a token that another asked for.
            throw Error(channel.Endpoint, new EtcdFailure(
                EtcdFailure.NoAnswer, FormattableString.Invariant($"no answer within {_patience.TotalSeconds:0.###} s"), e));
        }
    }

    /// <summary>The token to show; one request for it serves all that wait.</summary>
    private Task<string?> TokenAsync(EtcdChannel channel)
    {
        if (_username is null)
            return Task.FromResult<string?>(null);
        lock (_lock)
        {
            if (_token is null or { IsFaulted: true } or { IsCanceled: true })
                _token = AuthenticateAsync(channel).Observed();
            return _token;
        }
    }

    private async Task<string?> AuthenticateAsync(EtcdChannel channel)
    {
        using var late = new CancellationTokenSource(_patience, _time);
        var request = new AuthenticateRequest(_username!, _password!);
        try
        {
            return await channel.AskAsync("Auth/Authenticate", request.ToFrame(), AuthenticateResponse.Read, null, late.Token).ConfigureAwait(false);
        }
        catch (EtcdFailure e) when (e.IsAuthOff)
        {
            return null;
        }
    }
}
