using System.Buffers;
using System.Security.Cryptography;

namespace LeaderElection.Raft.Transport;

/// <summary>How a member introduces itself.</summary>
/// <param name="From">Who speaks.</param>
/// <param name="To">Whom it takes the other side for.</param>
/// <param name="Life">Which process of it this is.</param>
/// <param name="IsAdmitted">Whether it takes part, or is without memory of its votes.</param>
/// <param name="IsProbe">Whether it only wants to know who is here, and no link.</param>
/// <param name="Route">The ends of the connection as it sees them.</param>
/// <param name="Nonce">A challenge that nobody has seen before.</param>
internal sealed record Hello(string From, string To, Life Life, bool IsAdmitted, bool IsProbe, Route Route, byte[] Nonce)
{
    public const int NonceLength = 32;

    private static ReadOnlySpan<byte> Magic => "LERAFT"u8;

    public static byte[] NewNonce() => RandomNumberGenerator.GetBytes(NonceLength);

    public byte[] ToBytes()
    {
        var output = new ArrayBufferWriter<byte>(400);
        output.Write(Magic);
        var writer = new ByteWriter(output);
        writer.Byte(FrameCodec.Version);
        writer.Name(From);
        writer.Name(To);
        writer.Guid(Life.StateId);
        writer.Int64(Life.Incarnation);
        writer.Boolean(IsAdmitted);
        writer.Boolean(IsProbe);
        Route.Write(writer);
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
        var hello = new Hello(
            reader.Name(), reader.Name(), new(reader.Guid(), reader.Count64()), reader.Boolean(), reader.Boolean(), Route.Read(ref reader), reader.Bytes(NonceLength));
        reader.End();
        return reader.Problem is { } problem
            ? throw new RefusedException(RefusalReason.Garbage, $"its handshake is damaged: {problem}")
            : hello;
    }
}
