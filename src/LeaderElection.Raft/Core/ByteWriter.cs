using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace LeaderElection.Raft;

/// <summary>Writes what <see cref="ByteReader"/> reads.</summary>
internal readonly struct ByteWriter(IBufferWriter<byte> output)
{
    public void Byte(byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(output.GetSpan(sizeof(uint)), value);
        output.Advance(sizeof(uint));
    }

    public void Int32(int value) => UInt32((uint)value);

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(output.GetSpan(sizeof(ulong)), value);
        output.Advance(sizeof(ulong));
    }

    public void Int64(long value) => UInt64((ulong)value);

    public void Boolean(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void Guid(Guid value)
    {
        value.TryWriteBytes(output.GetSpan(16), bigEndian: true, out _);
        output.Advance(16);
    }

    public void Known(IReadOnlyList<MemberState.Known> members)
    {
        Int32(members.Count);
        foreach (var (member, stateId) in members)
        {
            Name(member);
            Guid(stateId);
        }
    }

    /// <summary>At most 255 ASCII characters.</summary>
    public void Name(string value)
    {
        Byte(checked((byte)value.Length));
        Ascii(value);
    }

    public void Text(string value)
    {
        Int32(value.Length);
        Ascii(value);
    }

    private void Ascii(string value) => output.Advance(Encoding.ASCII.GetBytes(value, output.GetSpan(value.Length)));
}
