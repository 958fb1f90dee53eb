namespace LeaderElection.Tests.Servers;

/// <summary>HTTP/2 frames: data that holds one gRPC message, a <c>WatchResponse</c> with events, is an event.</summary>
public sealed class EtcdMessages : MessageFilter
{
    private const int FrameHeader = 9;
    private const int MessageHeader = 5;
    private const int Events = 11;

    protected override int? LengthOf(ReadOnlySpan<byte> received) =>
        received.Length < 3 ? null : FrameHeader + ((received[0] << 16) | (received[1] << 8) | received[2]);

    protected override bool IsEvent(ReadOnlySpan<byte> message)
    {
        // Type 0 is data; flag 1 ends the stream.
        if (message[3] != 0 || (message[4] & 1) != 0 || message.Length < FrameHeader + MessageHeader)
            return false;
        var fields = message[(FrameHeader + MessageHeader)..];
        // No other response of etcd's has a field of this number.
        while (fields.Length > 0)
        {
            if (Varint(ref fields) is not { } tag)
                return false;
            if (tag == (Events << 3 | 2))
                return true;
            switch (tag & 7)
            {
                case 0:
                    Varint(ref fields);
                    break;
                case 2 when Varint(ref fields) is { } length && (int)length <= fields.Length:
                    fields = fields[(int)length..];
                    break;
                default:
                    return false;
            }
        }
        return false;
    }

    private static ulong? Varint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (var i = 0; i < bytes.Length && i < 10; i++)
        {
            value |= (ulong)(bytes[i] & 0x7f) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return value;
            }
        }
        return null;
    }
}
