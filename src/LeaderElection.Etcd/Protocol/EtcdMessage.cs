using System.Buffers.Binary;
using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

/// <summary>What is sent to etcd, in the encoding of its <c>rpc.proto</c>: a field of value zero need not be written.</summary>
internal abstract record EtcdMessage
{
    /// <summary>What gRPC puts before a message: whether it is compressed, and its length.</summary>
    public const int FrameHeader = 5;

    /// <summary>The message as gRPC sends it.</summary>
    public byte[] ToFrame()
    {
        var frame = ToBytes(FrameHeader);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - FrameHeader);
        return frame;
    }

    protected abstract void Write(CodedOutputStream output);

    protected static void Write(CodedOutputStream output, int field, EtcdMessage message) => Write(output, field, message.ToBytes(0));

    protected static void Write(CodedOutputStream output, int field, byte[] value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(UnsafeByteOperations.UnsafeWrap(value));
    }

    protected static void Write(CodedOutputStream output, int field, string value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteString(value);
    }

    protected static void Write(CodedOutputStream output, int field, long value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteInt64(value);
    }

    private byte[] ToBytes(int before)
    {
        using var bytes = new MemoryStream();
        bytes.SetLength(before);
        bytes.Position = before;
        using (var output = new CodedOutputStream(bytes, bufferSize: 256, leaveOpen: true))
            Write(output);
        return bytes.ToArray();
    }
}
