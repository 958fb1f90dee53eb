using Google.Protobuf;
using LeaderElection.Etcd.Protocol;

namespace LeaderElection.Tests.Fuzz;

/// <summary>Writes what etcd answers, as etcd does.</summary>
internal static class EtcdWriter
{
    public static byte[] Frame(byte[] message) => [0, .. Big(message.Length), .. message];

    /// <summary>A message of numbers, texts and messages, by their fields; what is <see langword="null"/> is left out.</summary>
    public static byte[] Message(params (int Field, object? Value)[] fields)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            foreach (var (field, value) in fields)
            {
                switch (value)
                {
                    case null:
                        break;
                    case byte[] content:
                        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
                        output.WriteBytes(ByteString.CopyFrom(content));
                        break;
                    case string text:
                        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
                        output.WriteString(text);
                        break;
                    default:
                        output.WriteTag(field, WireFormat.WireType.Varint);
                        output.WriteInt64(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                        break;
                }
            }
        }
        return bytes.ToArray();
    }

    public static byte[] Header(long revision) => Message((1, 1484163906896517841), (2, 1027665774393297543), (3, revision), (4, 2));

    public static byte[] Of(KeyValue kv) => Message((1, kv.Key), (2, kv.CreateRevision), (3, kv.ModRevision), (5, kv.Value));

    public static byte[] Of(TxnResponse txn) => Message(
        [(1, Header(txn.Revision)), (2, txn.Succeeded), .. txn.Responses.Select(step => (3, (object?)Message(
            (1, step.Found is { } found ? Message((2, Of(found))) : null), (4, step.Txn is { } inner ? Of(inner) : null))))]);

    public static byte[] Of(WatchResponse response) => Message(
        [(1, Header(response.Revision)), (2, response.WatchId), (3, response.Created), (4, response.Canceled), (5, response.CompactRevision), (6, response.CancelReason),
         .. response.Events.Select(news => (11, (object?)Message((1, news.IsDelete), (2, Of(news.Kv)))))]);

    private static byte[] Big(int number) => [(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number];
}
