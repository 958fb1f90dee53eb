using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace LeaderElection.Tests.Fuzz;

/// <summary>Makes what is almost valid of what is.</summary>
internal static class Mutator
{
    private const int MostBytes = 256 * 1024;

    private static readonly long[] Limits =
    [
        0, 1, -1, 2, 127, 128, 255, 256, 1000, short.MaxValue, ushort.MaxValue, 1 << 20, 4 << 20, int.MaxValue - 1, int.MaxValue, int.MinValue,
        uint.MaxValue, 1L << 40, long.MaxValue / 4, (long.MaxValue / 4) + 1, long.MaxValue - 1, long.MaxValue, long.MinValue,
    ];

    private static readonly byte[] Bytes = "\0\u0001\t\n\r \"',/:;=\\[]{}.-+0159AZaz\u007f"u8.ToArray();

    /// <summary>Changes it once or a few times.</summary>
    public static byte[] Mutate(byte[] bytes, IReadOnlyList<byte[]> others, IReadOnlyList<string> words, Dice dice)
    {
        for (var left = 1 + (dice.OneIn(2) ? 0 : dice.Below(4)); left > 0; left--)
            bytes = Once(bytes, others, words, dice);
        return bytes.Length <= MostBytes ? bytes : bytes[..MostBytes];
    }

    private static byte[] Once(byte[] bytes, IReadOnlyList<byte[]> others, IReadOnlyList<string> words, Dice dice)
    {
        var at = dice.Below(bytes.Length + 1);
        var length = dice.Below(Math.Min(bytes.Length - at, dice.OneIn(4) ? int.MaxValue : 16) + 1);
        switch (dice.Below(14))
        {
            case 0 or 1:
                return Changed(bytes, at, b => (byte)(b ^ (1 << dice.Below(8))));
            case 2:
                return Changed(bytes, at, _ => dice.OneIn(4) ? (byte)dice.Next() : dice.Pick(Bytes));
            case 3:
                return bytes[..at];
            case 4:
                return Spliced(bytes, at, 0, bytes.AsSpan(at, length));
            case 5:
                return Spliced(bytes, at, length, []);
            case 6:
                var other = dice.Pick(others);
                var from = dice.Below(other.Length + 1);
                return Spliced(bytes, at, length, other.AsSpan(from, dice.Below(other.Length - from + 1)));
            case 7 or 8:
                var number = Number(dice);
                return Spliced(bytes, at, dice.OneIn(4) ? 0 : Math.Min(number.Length, bytes.Length - at), number);
            case 9 or 10:
                return WithOtherDigits(bytes, at, dice);
            case 11 when words.Count > 0:
                return Spliced(bytes, at, length, Encoding.UTF8.GetBytes(dice.Pick(words)));
            case 12 when dice.OneIn(200):
                var many = new byte[dice.Below(MostBytes)];
                many.AsSpan().Fill(dice.Pick(Bytes));
                return Spliced(bytes, at, 0, many);
            case 12:
                return dice.OneIn(8) ? dice.Bytes(dice.Below(64)) : Spliced(bytes, at, 0, dice.Bytes(1 + dice.Below(8)));
            default:
                return Spliced(bytes, at, 0, [dice.Pick(Bytes)]);
        }
    }

    /// <summary>A number at its limits, as machines write it.</summary>
    private static byte[] Number(Dice dice)
    {
        var value = dice.OneIn(4) ? (long)dice.Next() : dice.Pick(Limits);
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        bytes = bytes[..dice.Pick([1, 2, 4, 8])];
        if (dice.OneIn(2))
            bytes.AsSpan().Reverse();
        return bytes;
    }

    /// <summary>A number at its limits, as people write it, instead of the next one.</summary>
    private static byte[] WithOtherDigits(byte[] bytes, int at, Dice dice)
    {
        var start = bytes.AsSpan(at).IndexOfAnyInRange((byte)'0', (byte)'9');
        if (start < 0)
            return Spliced(bytes, at, 0, "0"u8);
        start += at;
        var end = start;
        while (end < bytes.Length && char.IsAsciiDigit((char)bytes[end]))
            end++;
        var text = dice.Below(6) switch
        {
            0 => "1e400",
            1 => "00",
            2 => "99999999999999999999999999",
            3 => "0.5",
            _ => dice.Pick(Limits).ToString(CultureInfo.InvariantCulture),
        };
        return Spliced(bytes, start, end - start, Encoding.ASCII.GetBytes(text));
    }

    private static byte[] Changed(byte[] bytes, int at, Func<byte, byte> change)
    {
        if (at == bytes.Length)
            return bytes;
        byte[] changed = [.. bytes];
        changed[at] = change(changed[at]);
        return changed;
    }

    private static byte[] Spliced(byte[] bytes, int at, int removed, ReadOnlySpan<byte> inserted) =>
        [.. bytes.AsSpan(0, at), .. inserted, .. bytes.AsSpan(at + removed)];
}
