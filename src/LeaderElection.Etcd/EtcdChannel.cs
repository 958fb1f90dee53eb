using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using LeaderElection.Etcd.Protocol;

namespace LeaderElection.Etcd;

/// <summary>The connection to one endpoint, which carries all requests and watches at the same time.</summary>
internal sealed class EtcdChannel(Uri endpoint, HttpMessageInvoker http, TimeProvider time) : IDisposable
{
    private static readonly MediaTypeHeaderValue Grpc = new("application/grpc");

    private long _heard = time.GetTimestamp();
    private volatile bool _wasHeard;

    public Uri Endpoint { get; } = endpoint;

    /// <summary>For how long nothing has come over it.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Volatile.Read(ref _heard));

    /// <summary>Asks for one message.</summary>
    /// <exception cref="EtcdFailure">There was none.</exception>
    public async Task<TReply> AskAsync<TReply>(
        string method, ReadOnlyMemory<byte> frame, Func<EtcdInput, TReply> read, string? token, CancellationToken stop)
    {
        using var answer = await OpenAsync(method, new ReadOnlyMemoryContent(frame), token, stop).ConfigureAwait(false);
        if (await answer.NextAsync(stop).ConfigureAwait(false) is not { } message)
            throw EtcdFailure.Senseless();
        var reply = EtcdInput.Read(message, read);
        // Only now it says whether that is meant.
        if (await answer.NextAsync(stop).ConfigureAwait(false) is not null)
            throw EtcdFailure.Senseless();
        return reply;
    }

    /// <summary>Asks for one message of a method that takes a stream of requests.</summary>
    /// <exception cref="EtcdFailure">There was none.</exception>
    public async Task<TReply> AskStreamAsync<TReply>(
        string method, byte[] frame, Func<EtcdInput, TReply> read, string? token, CancellationToken stop)
    {
        using var answered = new CancellationTokenSource();
        // Open until the answer is there: etcd's grpc-proxy gives a request up whose stream has ended.
        var body = new EtcdRequestBody(time, answered.Token);
        body.Send(frame);
        try
        {
            using var answer = await OpenAsync(method, body, token, stop).ConfigureAwait(false);
            return await answer.NextAsync(stop).ConfigureAwait(false) is { } message
                ? EtcdInput.Read(message, read)
                : throw EtcdFailure.Senseless();
        }
        finally
        {
            await answered.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Sends a request, and waits until the answer begins.</summary>
    /// <exception cref="EtcdFailure">It did not.</exception>
    public async Task<EtcdAnswer> OpenAsync(string method, HttpContent body, string? token, CancellationToken stop)
    {
        // Not disposed: with it the body would be, which a stream goes on writing.
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Endpoint, "/etcdserverpb." + method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        };
        body.Headers.ContentType = Grpc;
        request.Headers.TryAddWithoutValidation("te", "trailers");
        if (token is not null)
            request.Headers.TryAddWithoutValidation("token", token);
        // A member without a leader says so and ends its watches, instead of keeping silent.
        request.Headers.TryAddWithoutValidation("hasleader", "true");
        HttpResponseMessage? response = null;
        try
        {
            response = await http.SendAsync(request, stop).ConfigureAwait(false);
            return new EtcdAnswer(response, this);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or ObjectDisposedException)
        {
            // A connection that is reset in the moment in which it is made comes as the socket's own error.
            throw EtcdTransport.NoAnswer(e, _wasHeard);
        }
        catch
        {
            response?.Dispose();
            throw;
        }
    }

    /// <summary>Something came over it.</summary>
    public void Heard()
    {
        Volatile.Write(ref _heard, time.GetTimestamp());
        _wasHeard = true;
    }

    /// <summary>Nothing new goes over it; it closes when what is under way has ended.</summary>
    public void Dispose() => http.Dispose();
}
