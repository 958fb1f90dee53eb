using System.Buffers.Binary;
using System.Net;
using System.Text;
using LeaderElection.Etcd;
using LeaderElection.Etcd.Protocol;
using LeaderElection.Leases;
using static LeaderElection.Tests.Fuzz.EtcdWriter;

namespace LeaderElection.Tests.Fuzz;

/// <summary>What etcd answers: a message in a frame and how the request ended, or a frame for each event.</summary>
internal static class EtcdFormats
{
    private static readonly string[] Words =
    [
        "\0\0\0\0\0", "\0\0\0\0\u0001", "\u0001\0\0\0\u0002", "\0\u007f\u007f\u007f\u007f", "\n\0", "\u0012\0", "\u001a\0", "\"\0", "Z\0", "\u0008\u007f", "\u000b", "\u000c", "\u0013\u0014",
        "\u0018\u0001", " \u0001", "(\u0001", "\u007f\u007f", "\n\u007f", "2\u0004a\nb", new('\u000b', 70), "grpc-status", "%0A", "0", "-1", "99999999999",
    ];

    private static readonly byte[] Key = Message((1, "e/1"), (2, 11), (3, 13), (4, 1), (5, "a"), (6, 7587854));

    /// <summary>The first character says which answer is waited for.</summary>
    private static readonly byte[][] Replies =
    [
        Reply('0', Message((1, Header(12)), (2, "abcdefgh.12"))),
        Reply('1', Message((1, Header(12)), (2, 7587854), (3, 5))),
        Reply('3', Message((1, Header(12)), (2, "3.5.9"), (3, 20480), (4, 1027665774393297543), (5, 8), (6, 2))),
        Reply('4', Message(
            (1, Header(12)), (2, true), (3, Message((1, Message((1, Header(12)), (2, Key), (3, true), (4, 2))))), (3, Message((2, Message((1, Header(12)))))))),
        Reply('4', Message(
            (1, Header(12)), (2, true), (3, Message((4, Message((1, Header(12)), (2, true), (3, Message((1, Message((1, Header(12)))))))))))),
        "55\netcdserver: requested lease not found"u8.ToArray(),
        "57\netcdserver: permission denied %25 %0A"u8.ToArray(),
        "50\n"u8.ToArray(),
        "6404 text/html"u8.ToArray(),
        "6200 application/grpc"u8.ToArray(),
    ];

    private static readonly byte[][] Streams =
    [
        [
            .. Frame(Message((1, Header(12)), (2, 1), (3, true))), .. Frame(Message((1, Header(12)), (2, 2), (3, true))),
            .. Frame(Message((1, Header(14)), (2, 2), (11, Message((2, Key))), (11, Message((1, 1), (2, Message((1, "e/1"), (3, 14))))))),
            .. Frame(Message((1, Header(14)), (2, 1))),
        ],
        Frame(Message((1, Header(12)), (2, -1), (3, true), (4, true), (5, 9), (6, "permission denied"))),
        Frame(Message((1, Header(12)), (2, 1), (4, true))),
    ];

    private static readonly EtcdConnection Connection = new(new EtcdElectionOptions { ConnectionString = "http://localhost:2379" }, TimeProvider.System);

    private static readonly EtcdWatches Hub = new(
        Connection, TimeProvider.System, new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1)), static _ => { });

    public static readonly FuzzFormat[] All =
    [
        new("etcd-replies", Replies, ReadReply) { Words = Words, Fix = input => input is [var kind and >= (byte)'0' and <= (byte)'4', _, ..] ? FixLengths(input, 1) : input },
        new("etcd-watch", Streams, ReadStream) { Words = Words, Fix = input => FixLengths(input, 0), AcceptsSamples = false },
    ];

    private static byte[] Reply(char kind, byte[] message) => [(byte)kind, .. Frame(message)];

    /// <summary>One frame of all that follows.</summary>
    private static byte[] FixLengths(byte[] input, int start)
    {
        if (input.Length < start + EtcdMessage.FrameHeader)
            return input;
        var copy = input.ToArray();
        copy[start] = 0;
        BinaryPrimitives.WriteInt32BigEndian(copy.AsSpan(start + 1), copy.Length - start - EtcdMessage.FrameHeader);
        return copy;
    }

    private static string? ReadReply(byte[] input)
    {
        try
        {
            if (input is not [var kind, ..])
                return "there is no answer";
            var rest = input.AsSpan(1).ToArray();
            switch (kind)
            {
                case (byte)'0':
                    Read(rest, AuthenticateResponse.Read);
                    break;
                case (byte)'1':
                    Read(rest, LeaseResponse.Read);
                    break;
                case (byte)'3':
                    Read(rest, StatusResponse.Read);
                    break;
                case (byte)'4':
                    var txn = Read(rest, TxnResponse.Read);
                    // What was read, written and read again, is the same.
                    var written = Of(txn);
                    Assert.Equal(written, Of(EtcdInput.Read(written, TxnResponse.Read)));
                    var outcome = EtcdOutcome.Of(txn, EtcdOutcome.RevisionOf(txn));
                    Assert.True(outcome.Revision > 0);
                    break;
                case (byte)'5':
                    var end = Encoding.Latin1.GetString(rest).Split('\n', 2);
                    Ends(end[0], end[^1]);
                    break;
                default:
                    var words = Encoding.Latin1.GetString(rest).Split(' ', 2);
                    if (int.TryParse(words[0], out var status) && status is >= 100 and < 600 && EtcdAnswer.Refusal((HttpStatusCode)status, words[^1]) is { } refusal)
                        OneLine(refusal);
                    break;
            }
            return null;
        }
        catch (EtcdFailure e)
        {
            return OneLine(e);
        }
        catch (ElectionStoreException e)
        {
            return e.Message;
        }
    }

    /// <summary>How an answer ends, in etcd's words: any of them is one line.</summary>
    private static void Ends(string status, string message)
    {
        using var response = new HttpResponseMessage();
        response.TrailingHeaders.TryAddWithoutValidation("grpc-status", status);
        response.TrailingHeaders.TryAddWithoutValidation("grpc-message", message);
        try
        {
            EtcdAnswer.ThrowIfFailed(response.TrailingHeaders);
        }
        catch (EtcdFailure e)
        {
            OneLine(e);
        }
    }

    /// <summary>The one message of an answer, in pieces.</summary>
    private static T Read<T>(byte[] input, Func<EtcdInput, T> read)
    {
        var frames = new EtcdFrames(new Replay(input, piece: 1 + (input.Length % 500)));
        var message = Next(frames) ?? throw EtcdFailure.Senseless();
        var reply = EtcdInput.Read(message, read);
        return Next(frames) is null ? reply : throw EtcdFailure.Senseless();
    }

    private static ArraySegment<byte>? Next(EtcdFrames frames)
    {
        var next = frames.NextAsync(CancellationToken.None);
        Assert.True(next.IsCompleted);
        return next.GetAwaiter().GetResult();
    }

    private static string OneLine(EtcdFailure failure)
    {
        var text = EtcdConnection.Error(new Uri("http://localhost:2379"), failure).Message;
        Assert.DoesNotContain(text, char.IsControl);
        return text;
    }

    private static string? ReadStream(byte[] input)
    {
        const long from = 13;
        var told = 0;
        using var stream = new EtcdWatchStream(Connection, TimeProvider.System);
        for (var i = 0; i < 2; i++)
        {
            stream.Add(new EtcdWatch(Hub, "e/1"u8.ToArray(), null, false, from, news =>
            {
                // An event is of a revision that was asked for, and of a key.
                Assert.True(news is null or { Kv: { ModRevision: >= from, Key: not null } });
                told++;
            }));
        }
        var frames = new EtcdFrames(new Replay(input, piece: 1 + (input.Length % 500)));
        var listening = stream.ListenAsync(frames.NextAsync, static () => { }, static (watch, response) => watch.Missed(response.CompactRevision), CancellationToken.None);
        Assert.True(listening.IsCompleted);
        Assert.InRange(told, 0, input.Length);
        return listening.Exception?.InnerException switch
        {
            EtcdFailure e => OneLine(e),
            null => throw new InvalidOperationException("a stream has no good end"),
            var other => throw new InvalidOperationException("it broke", other),
        };
    }
}
