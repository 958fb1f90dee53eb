using System.Buffers.Binary;
using System.Text;

namespace LeaderElection.Raft;

/// <summary>Reads what may be garbage: never past the end, never more than is there, and with a reason when it does not fit.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private const int MaxTextLength = 2048;

    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>What was wrong first; from there on everything reads as nothing.</summary>
    public string? Problem { get; private set; }

    public void Fail(string problem)
    {
        Problem ??= problem;
        _rest = default;
    }

    public byte Byte() => Take(1) is [var value] ? value : (byte)0;

    public bool Boolean()
    {
        var value = Byte();
        if (value > 1)
            Fail("a yes or no is neither");
        return value == 1;
    }

    public int Int32() => Take(sizeof(int)) is { Length: > 0 } bytes ? BinaryPrimitives.ReadInt32LittleEndian(bytes) : 0;

    public ulong UInt64() => Take(sizeof(ulong)) is { Length: > 0 } bytes ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0;

    /// <summary>A number that counts something.</summary>
    public long Count64()
    {
        var value = (long)UInt64();
        if (value < 0)
            Fail("a count is negative");
        return value;
    }

    public long Term(long least = 0)
    {
        var value = (long)UInt64();
        if (value < least || value > MemberState.MaxTerm)
            Fail("a term is out of range");
        return value;
    }

    /// <summary>The length of a list, believed only as far as there are bytes for it.</summary>
    public int ListCount(int leastEach, int most)
    {
        var count = Int32();
        if (count >= 0 && count <= most && (long)count * leastEach <= _rest.Length)
            return count;
        Fail("a list is longer than its frame, or than is allowed");
        return 0;
    }

    public string Name(bool orEmpty = false)
    {
        int length = Byte();
        if (length == 0 && orEmpty)
            return "";
        var name = Encoding.ASCII.GetString(Take(length));
        if (Problem is null && !ElectionNames.IsValid(name))
            Fail("a name is not one");
        return name;
    }

    public string Text()
    {
        var length = Int32();
        if (length is < 0 or > MaxTextLength)
            Fail("a text is too long");
        var text = Take(Problem is null ? length : 0);
        if (text.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E))
            Fail("a text has characters that are not allowed");
        return Encoding.ASCII.GetString(text);
    }

    public Guid Guid() => Take(16) is { Length: 16 } bytes ? new Guid(bytes, bigEndian: true) : default;

    /// <summary>Members with the states under which they are known.</summary>
    public MemberState.Known[] Known()
    {
        var known = new MemberState.Known[ListCount(leastEach: 18, MemberList.MaxCount)];
        for (var i = 0; i < known.Length && Problem is null; i++)
            known[i] = new(Name(), Guid());
        return known;
    }

    public byte[] Bytes(int count) => Take(count).ToArray();

    public void End()
    {
        if (!_rest.IsEmpty)
            Fail("it is longer than its content");
    }

    public void EndInZeros()
    {
        if (_rest.ContainsAnyExcept((byte)0))
            Fail("it is longer than its content");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            Fail("it is truncated");
            return default;
        }
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
