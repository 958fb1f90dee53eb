using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LeaderElection.Etcd.Protocol;
using LeaderElection.Leases;

namespace LeaderElection.Etcd;

/// <summary>
/// Talks to one member of the cluster at a time, through its HTTP gateway; goes on with the next when that one fails.
/// Requests and watches follow the same member, so that a watch is not left on one that is cut off.
/// </summary>
internal sealed class EtcdConnection : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly Lock _lock = new();
    private readonly IReadOnlyList<Uri> _endpoints;
    private readonly string? _username;
    private readonly string? _password;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private readonly HttpMessageInvoker _requests;
    private readonly HttpMessageInvoker _streams;
    private int _current;
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
        _requests = EtcdTransport.Create(options, connections: 8, _patience);
        _streams = EtcdTransport.Create(options, connections: int.MaxValue, _patience);
    }

    /// <summary>The current endpoint was given up for the next.</summary>
    public event Action? Moved;

    /// <summary>The endpoint that requests and watches go to.</summary>
    public Uri Endpoint => _endpoints[Volatile.Read(ref _current)];

    /// <summary>Asks etcd; when an endpoint fails each of the others is asked as well. For what may safely be asked twice.</summary>
    /// <exception cref="ElectionStoreException">It failed; inside is an <see cref="EtcdFailure"/>.</exception>
    public async ValueTask<TReply> AskAsync<TRequest, TReply>(
        string path, TRequest request, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TReply> replyType, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(request, requestType);
        return await AskAsync(path, body, replyType, _endpoints.Count, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks the current endpoint once. For what must not be done twice.</summary>
    /// <exception cref="ElectionStoreException">It failed; inside is an <see cref="EtcdFailure"/>.</exception>
    public async ValueTask<TReply> AskOnceAsync<TRequest, TReply>(
        string path, TRequest request, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TReply> replyType, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(request, requestType);
        return await AskAsync(path, body, replyType, 1, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a stream of answers.</summary>
    /// <exception cref="ElectionStoreException">It failed; inside is an <see cref="EtcdFailure"/>.</exception>
    public Task<HttpResponseMessage> OpenAsync(Uri endpoint, string path, byte[] body, CancellationToken cancellationToken) => WithTokenAsync(
        endpoint,
        (token, stop) => SendAsync(_streams, endpoint, path, body, token, closes: true, stop),
        cancellationToken);

    /// <summary>Gives an endpoint up, if it is still the current one.</summary>
    public void MoveFrom(Uri endpoint)
    {
        lock (_lock)
        {
            if (_endpoints.Count == 1 || !ReferenceEquals(endpoint, Endpoint))
                return;
            Volatile.Write(ref _current, (_current + 1) % _endpoints.Count);
        }
        Moved?.Invoke();
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
        _requests.Dispose();
        _streams.Dispose();
    }

    private async Task<TReply> AskAsync<TReply>(string path, byte[] body, JsonTypeInfo<TReply> replyType, int attempts, CancellationToken cancellationToken)
    {
        while (true)
        {
            var endpoint = Endpoint;
            try
            {
                return await WithTokenAsync(endpoint, (token, stop) => ReadAsync(endpoint, path, body, replyType, token, stop), cancellationToken).ConfigureAwait(false);
            }
            catch (ElectionStoreException e) when (e.InnerException is EtcdFailure { IsOfEndpoint: true })
            {
                MoveFrom(endpoint);
                if (--attempts <= 0 || cancellationToken.IsCancellationRequested)
                    throw;
            }
        }
    }

    private async Task<T> WithTokenAsync<T>(Uri endpoint, Func<string?, CancellationToken, Task<T>> request, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_patience, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            var used = TokenAsync(endpoint);
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
                return await request(await TokenAsync(endpoint).WaitAsync(stop.Token).ConfigureAwait(false), stop.Token).ConfigureAwait(false);
            }
        }
        catch (EtcdFailure e)
        {
            throw Error(endpoint, e);
        }
        catch (OperationCanceledException e) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Error(endpoint, new EtcdFailure(
                EtcdFailure.NoAnswer, FormattableString.Invariant($"no answer within {_patience.TotalSeconds:0.###} s"), e));
        }
    }

    /// <summary>The token to show; one request for it serves all that wait.</summary>
    private Task<string?> TokenAsync(Uri endpoint)
    {
        if (_username is null)
            return Task.FromResult<string?>(null);
        lock (_lock)
        {
            if (_token is null or { IsFaulted: true } or { IsCanceled: true })
                _token = AuthenticateAsync(endpoint).Observed();
            return _token;
        }
    }

    private async Task<string?> AuthenticateAsync(Uri endpoint)
    {
        using var late = new CancellationTokenSource(_patience, _time);
        var body = JsonSerializer.SerializeToUtf8Bytes(new AuthenticateRequest(_username!, _password!), EtcdJson.Default.AuthenticateRequest);
        try
        {
            var reply = await ReadAsync(endpoint, "auth/authenticate", body, EtcdJson.Default.AuthenticateResponse, null, late.Token).ConfigureAwait(false);
            return reply.Token;
        }
        catch (EtcdFailure e) when (e.IsAuthOff)
        {
            return null;
        }
    }

    private async Task<TReply> ReadAsync<TReply>(
        Uri endpoint, string path, byte[] body, JsonTypeInfo<TReply> replyType, string? token, CancellationToken stop)
    {
        using var response = await SendAsync(_requests, endpoint, path, body, token, closes: false, stop).ConfigureAwait(false);
        try
        {
            return EtcdReply.Parse(await EtcdReply.ReadAsync(response.Content, stop).ConfigureAwait(false), replyType);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw NoAnswer(e);
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(
        HttpMessageInvoker invoker, Uri endpoint, string path, byte[] body, string? token, bool closes, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, "/v3/" + path))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { ContentType = Json } },
        };
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", token);
        // A member without a leader says so and ends its watches, instead of keeping silent.
        request.Headers.TryAddWithoutValidation("Grpc-Metadata-hasleader", "true");
        // Else the server may throw away what it has not read of the body when it begins to answer.
        request.Headers.ConnectionClose = closes;
        HttpResponseMessage? response = null;
        try
        {
            response = await invoker.SendAsync(request, stop).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
                return response;
            var text = await EtcdReply.ReadAsync(response.Content, stop).ConfigureAwait(false);
            throw Refusal(response.StatusCode, text);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            // A connection that is reset in the moment in which it is made comes as the socket's own error.
            response?.Dispose();
            throw NoAnswer(e);
        }
        catch
        {
            response?.Dispose();
            throw;
        }
    }

    internal static EtcdFailure Refusal(HttpStatusCode status, byte[] text)
    {
        try
        {
            // A refused stream has what went wrong one level deeper; elsewhere that member is a text.
            using var json = JsonDocument.Parse(text);
            var body = json.RootElement.TryGetProperty("error", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : json.RootElement;
            if (body.Deserialize(EtcdJson.Default.EtcdErrorBody) is { Message: not null } error)
                return error.ToFailure();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not etcd's words.
        }
        return (int)status >= 500
            ? new EtcdFailure(EtcdFailure.NoAnswer, $"HTTP status {(int)status}")
            : new EtcdFailure(12, $"HTTP status {(int)status}, which etcd would not answer; is this the client URL of etcd 3.4 or later, with the right scheme?");
    }

    private static EtcdFailure NoAnswer(Exception e)
    {
        var cause = e.GetBaseException();
        var tls = e as AuthenticationException ?? e.InnerException as AuthenticationException;
        return tls is null
            ? new EtcdFailure(EtcdFailure.NoAnswer, $"no connection ({FirstLine(cause.Message)})", e)
            : new EtcdFailure(EtcdFailure.NoAnswer, $"TLS failed: {FirstLine(tls.Message)}; check the scheme, CaFile, the host name and the client certificate", tls);
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();
}
