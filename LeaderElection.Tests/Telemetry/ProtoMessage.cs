using System.Buffers.Binary;
using System.Text;

namespace LeaderElection.Tests.Telemetry;

/// <summary>A protobuf message, read field by field without its schema: OTLP's classes are in no package of their own.</summary>
internal sealed class ProtoMessage
{
    private readonly List<(int Number, ulong Value, ReadOnlyMemory<byte> Content)> _fields = [];

    public ProtoMessage(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var tag = ReadVarint(ref bytes);
            var (value, content) = (tag & 7) switch
            {
                0 => (ReadVarint(ref bytes), default(ReadOnlyMemory<byte>)),
                1 => (BinaryPrimitives.ReadUInt64LittleEndian(Take(ref bytes, 8).Span), default),
                2 => (0UL, Take(ref bytes, (int)ReadVarint(ref bytes))),
                5 => (BinaryPrimitives.ReadUInt32LittleEndian(Take(ref bytes, 4).Span), default),
                var type => throw new InvalidDataException($"wire type {type}"),
            };
            _fields.Add(((int)(tag >> 3), value, content));
        }
    }

    public bool Has(int number) => _fields.Any(field => field.Number == number);

    public ulong Number(int number) => _fields.FirstOrDefault(field => field.Number == number).Value;

    public string Text(int number) => Encoding.UTF8.GetString(_fields.FirstOrDefault(field => field.Number == number).Content.Span);

    public string Hex(int number) => Convert.ToHexStringLower(_fields.FirstOrDefault(field => field.Number == number).Content.Span);

    public IEnumerable<ProtoMessage> Messages(int number) => _fields.Where(field => field.Number == number).Select(field => new ProtoMessage(field.Content));

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> bytes, int count)
    {
        var taken = bytes[..count];
        bytes = bytes[count..];
        return taken;
    }

    private static ulong ReadVarint(ref ReadOnlyMemory<byte> bytes)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var part = Take(ref bytes, 1).Span[0];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
                return value;
        }
    }
}
