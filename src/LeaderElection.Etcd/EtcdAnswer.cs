using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace LeaderElection.Etcd;

/// <summary>An answer of etcd by gRPC: one message or a stream of them, and how it ended.</summary>
internal sealed class EtcdAnswer : IDisposable
{
    private const string Status = "grpc-status";

    private readonly HttpResponseMessage _response;
    private readonly EtcdChannel _channel;
    private EtcdFrames? _frames;

    /// <exception cref="EtcdFailure">It is none.</exception>
    public EtcdAnswer(HttpResponseMessage response, EtcdChannel channel)
    {
        (_response, _channel) = (response, channel);
        if (Refusal(response.StatusCode, response.Content.Headers.ContentType?.MediaType) is { } refusal)
            throw refusal;
    }

    /// <returns>The next message, good until the one after it is asked for; <see langword="null"/> when all was well to the end.</returns>
    /// <exception cref="EtcdFailure">It ended with one, or broke.</exception>
    public async ValueTask<ArraySegment<byte>?> NextAsync(CancellationToken stop)
    {
        try
        {
            _frames ??= new EtcdFrames(await _response.Content.ReadAsStreamAsync(stop).ConfigureAwait(false));
            var next = await _frames.NextAsync(stop).ConfigureAwait(false);
            _channel.Heard();
            if (next is not null)
                return next;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw EtcdTransport.NoAnswer(e);
        }
        // Where there is no message the status comes at once.
        ThrowIfFailed(_response.Headers.NonValidated.Contains(Status) ? _response.Headers : _response.TrailingHeaders);
        return null;
    }

    public void Dispose() => _response.Dispose();

    /// <summary>What is wrong with something that is no answer by gRPC.</summary>
    internal static EtcdFailure? Refusal(HttpStatusCode status, string? mediaType)
    {
        if ((int)status >= 500)
            return new EtcdFailure(EtcdFailure.NoAnswer, $"HTTP status {(int)status}");
        if (status != HttpStatusCode.OK)
            return EtcdFailure.NotEtcd($"HTTP status {(int)status}");
        return mediaType == "application/grpc" ? null : EtcdFailure.Senseless();
    }

    /// <exception cref="EtcdFailure">Those at its end say that it failed, or do not say how it ended.</exception>
    internal static void ThrowIfFailed(HttpHeaders headers)
    {
        if (!headers.NonValidated.TryGetValues(Status, out var status) || !int.TryParse(status.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            throw EtcdFailure.Senseless();
        if (code == 0)
            return;
        var message = headers.NonValidated.TryGetValues("grpc-message", out var words) ? Uri.UnescapeDataString(words.ToString()) : "";
        throw new EtcdFailure(code, message == "" ? "it failed without saying why" : EtcdFailure.Words(message));
    }
}
