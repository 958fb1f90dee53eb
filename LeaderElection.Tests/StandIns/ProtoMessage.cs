using System.Buffers.Binary;
using System.Text;

namespace LeaderElection.Tests.StandIns;

/// A message of Protocol Buffers, read and written by field number, without a description of it.
internal sealed class ProtoMessage
{
    private readonly List<(int Field, object Value)> _fields = [];

    public static ProtoMessage Parse(ReadOnlySpan<byte> bytes)
    {
        var message = new ProtoMessage();
        while (!bytes.IsEmpty)
        {
            var tag = (int)Varint(ref bytes);
            object value = (tag & 7) switch
            {
                0 => (long)Varint(ref bytes),
                1 => BinaryPrimitives.ReadDoubleLittleEndian(Take(ref bytes, 8)),
                2 => Take(ref bytes, (int)Varint(ref bytes)).ToArray(),
                _ => throw new InvalidDataException($"Wire type {tag & 7} is not expected."),
            };
            message._fields.Add((tag >> 3, value));
        }

        return message;
    }

    public ProtoMessage With(int field, string text)
    {
        _fields.Add((field, Encoding.UTF8.GetBytes(text)));
        return this;
    }

    public ProtoMessage With(int field, bool value)
    {
        _fields.Add((field, value ? 1L : 0L));
        return this;
    }

    public bool Has(int field) => _fields.Any(pair => pair.Field == field);

    public string Text(int field) => Encoding.UTF8.GetString(_fields.LastOrDefault(pair => pair.Field == field).Value as byte[] ?? []);

    public long Number(int field) => _fields.LastOrDefault(pair => pair.Field == field).Value as long? ?? 0;

    public ProtoMessage Message(int field) => Messages(field).LastOrDefault() ?? new();

    public IReadOnlyList<ProtoMessage> Messages(int field) => [.. _fields.Where(pair => pair.Field == field).Select(pair => Parse((byte[])pair.Value))];

    public byte[] ToArray()
    {
        var bytes = new List<byte>();
        foreach (var (field, value) in _fields)
        {
            var text = value as byte[];
            Varint(bytes, (ulong)((field << 3) | (text is null ? 0 : 2)));
            Varint(bytes, text is null ? (ulong)(long)value : (ulong)text.Length);
            bytes.AddRange(text ?? []);
        }

        return [.. bytes];
    }

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var next = Take(ref bytes, 1)[0];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return value;
        }
    }

    private static void Varint(List<byte> bytes, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)(value | 0x80));

        bytes.Add((byte)value);
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, int count)
    {
        var taken = bytes[..count];
        bytes = bytes[count..];
        return taken;
    }
}
