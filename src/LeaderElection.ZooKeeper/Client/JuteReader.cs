using System.Buffers.Binary;
using System.Text;

namespace LeaderElection.ZooKeeper.Client;

/// <summary>Reads ZooKeeper's wire format. No length is believed that the frame cannot hold.</summary>
internal ref struct JuteReader(ReadOnlySpan<byte> frame)
{
    private ReadOnlySpan<byte> _rest = frame;

    public readonly bool AtEnd => _rest.IsEmpty;

    public int Int() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public long Long() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    public bool Bool() => Take(1)[0] != 0;

    public string Text() => Encoding.UTF8.GetString(Take(Count(1)));

    public byte[] Buffer() => Take(Count(1)).ToArray();

    public string[] Texts()
    {
        var texts = new string[Count(4)];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = Text();
        return texts;
    }

    /// <summary>A number of things of at least that size; −1 stands for "null", which is as good as none.</summary>
    private int Count(int size)
    {
        var count = Int();
        if (count < -1 || count > _rest.Length / size)
            throw Broken();
        return Math.Max(count, 0);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_rest.Length < count)
            throw Broken();
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private static InvalidDataException Broken() => new("its answer makes no sense; is it a ZooKeeper server?");
}
