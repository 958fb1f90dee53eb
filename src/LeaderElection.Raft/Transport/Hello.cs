using System.Buffers;
using System.Security.Cryptography;

namespace LeaderElection.Raft.Transport;

/// <summary>How a member introduces itself.</summary>
/// <param name="From">Who speaks.</param>
/// <param name="To">Whom it takes the other side for.</param>
/// <param name="Incarnation">How often it was started.</param>
/// <param name="Nonce">A challenge that nobody has seen before.</param>
internal sealed record Hello(string From, string To, long Incarnation, byte[] Nonce)
{
    public const int NonceLength = 32;

    private static ReadOnlySpan<byte> Magic => "LERAFT"u8;

    public static Hello Create(string from, string to, long incarnation) =>
        new(from, to, incarnation, RandomNumberGenerator.GetBytes(NonceLength));

    public byte[] ToBytes()
    {
        var output = new ArrayBufferWriter<byte>(320);
        output.Write(Magic);
        var writer = new ByteWriter(output);
        writer.Byte(FrameCodec.Version);
        writer.Name(From);
        writer.Name(To);
        writer.Int64(Incarnation);
        output.Write(Nonce);
        return output.WrittenSpan.ToArray();
    }

    /// <exception cref="RefusedException">It is none.</exception>
    public static Hello Read(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(Magic) || bytes.Length == Magic.Length)
            throw new RefusedException(RefusalReason.Garbage, "what it sent is not a handshake");
        var version = bytes[Magic.Length];
        if (version != FrameCodec.Version)
            throw new RefusedException(RefusalReason.Version, $"it speaks protocol version {version}; this member speaks version {FrameCodec.Version}");
        var reader = new ByteReader(bytes[(Magic.Length + 1)..]);
        var hello = new Hello(reader.Name(), reader.Name(), reader.Count64(), reader.Bytes(NonceLength));
        reader.End();
        return reader.Problem is { } problem
            ? throw new RefusedException(RefusalReason.Garbage, $"its handshake is damaged: {problem}")
            : hello;
    }
}
