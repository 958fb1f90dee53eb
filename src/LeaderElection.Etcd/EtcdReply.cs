using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LeaderElection.Telemetry;

namespace LeaderElection.Etcd;

/// <summary>Reads what an endpoint answers, which may be anything: no longer than is sensible, and with one clear line when it makes no sense.</summary>
internal static class EtcdReply
{
    /// <summary>An answer to the largest transaction of elections, with the longest names, is far smaller.</summary>
    public const int MaxLength = 16 << 20;

    /// <summary>What was refused, for the counter.</summary>
    private const string Reply = "reply";

    private const int MaxWords = 300;

    /// <exception cref="EtcdFailure">It is too long.</exception>
    public static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken stop)
    {
        if (content.Headers.ContentLength > MaxLength)
            throw TooLong();
        var stream = await content.ReadAsStreamAsync(stop).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var buffer = new byte[Math.Min(content.Headers.ContentLength ?? 4096, MaxLength) + 1];
            var length = 0;
            while (await stream.ReadAsync(buffer.AsMemory(length), stop).ConfigureAwait(false) is var read and > 0)
            {
                length += read;
                if (length > MaxLength)
                    throw TooLong();
                // Grows with what has come.
                if (length == buffer.Length)
                    Array.Resize(ref buffer, Math.Min(buffer.Length * 2, MaxLength + 1));
            }
            return buffer[..length];
        }
    }

    /// <exception cref="EtcdFailure">It is not such an answer.</exception>
    public static T Parse<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type, string what = Reply)
    {
        try
        {
            if (JsonSerializer.Deserialize(json, type) is { } reply)
                return reply;
        }
        catch (JsonException e)
        {
            throw Senseless(e, what);
        }
        throw Senseless(null, what);
    }

    public static EtcdFailure Senseless(Exception? e = null, string what = Reply) =>
        Refused(what, "its answer makes no sense; is this the client URL of etcd 3.4 or later?", e);

    public static EtcdFailure TooLong(string what = Reply) =>
        Refused(what, $"its answer has more than {MaxLength} bytes; is this the client URL of etcd?", null);

    /// <summary>What an endpoint says, fit for one line.</summary>
    public static string Words(string text) => ElectionNames.Printable(text, MaxWords);

    private static EtcdFailure Refused(string what, string why, Exception? e)
    {
        ElectionTelemetry.Refused(what, "etcd");
        return new EtcdFailure(EtcdFailure.NoAnswer, why, e);
    }
}
