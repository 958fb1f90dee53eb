using System.Text;
using System.Text.Json;

namespace LeaderElection.Board.Elections;

/// <summary>Writes server-sent events.</summary>
internal sealed class EventWriter
{
    public static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    /// <summary>A stream sends no more often than this: many changes at once become one event.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly HttpResponse _response;

    public EventWriter(HttpResponse response)
    {
        _response = response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
    }

    /// <summary>Sends what was written, then waits for changes, with a comment now and then so that the connection stays up.</summary>
    public async Task<Changes> NextAsync(ChangeSubscription subscription, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        await Task.Delay(Pause, time, cancellationToken);
        var changes = await subscription.WaitAsync(atMost, time, cancellationToken);
        if (changes.IsEmpty)
            await _response.WriteAsync(": keep-alive\n\n", cancellationToken);
        return changes;
    }

    /// <summary>Writes an event, unless it says the same as the one before.</summary>
    /// <returns>Its data.</returns>
    public async Task<byte[]> WriteAsync<T>(string type, T data, byte[] before, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(data, JsonSerializerOptions.Web);
        if (json.AsSpan().SequenceEqual(before))
            return before;
        await _response.Body.WriteAsync(Encoding.ASCII.GetBytes($"event: {type}\ndata: "), cancellationToken);
        await _response.Body.WriteAsync(json, cancellationToken);
        await _response.Body.WriteAsync(End, cancellationToken);
        return json;
    }

    public Task FlushAsync(CancellationToken cancellationToken) => _response.Body.FlushAsync(cancellationToken);

    private static ReadOnlyMemory<byte> End { get; } = "\n\n"u8.ToArray();
}
