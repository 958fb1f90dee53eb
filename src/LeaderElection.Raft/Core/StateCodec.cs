using System.Buffers;
using System.Security.Cryptography;

namespace LeaderElection.Raft;

/// <summary>A member's state as bytes on its disk.</summary>
/// <remarks>
/// <c>"LERAFT" version:u16 cluster member incarnation:i64 count:i32 (election term:i64 votedFor)* sha256</c>, as in
/// <see cref="FrameCodec"/>; the checksum is over everything before it.
/// </remarks>
internal static class StateCodec
{
    /// <summary>No state is longer.</summary>
    public const int MaxLength = 4 << 20;

    private static ReadOnlySpan<byte> Magic => "LERAFT\u0001\u0000"u8;

    public static byte[] Write(MemberState state)
    {
        var output = new ArrayBufferWriter<byte>(256 + (state.Votes.Count * 64));
        output.Write(Magic);
        var writer = new ByteWriter(output);
        writer.Name(state.Cluster);
        writer.Name(state.Member);
        writer.Int64(state.Incarnation);
        writer.Int32(state.Votes.Count);
        foreach (var ballot in state.Votes)
        {
            writer.Name(ballot.Election);
            writer.Int64(ballot.Term);
            writer.Name(ballot.VotedFor ?? "");
        }
        output.Write(SHA256.HashData(output.WrittenSpan));
        return output.WrittenSpan.ToArray();
    }

    /// <exception cref="FormatException">It is damaged, or not a state of this version; the message says which.</exception>
    public static MemberState Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            throw new FormatException("it is empty");
        if (bytes.Length > MaxLength)
            throw new FormatException("it is too long");
        if (bytes.Length < Magic.Length || !bytes.StartsWith(Magic[..6]))
            throw new FormatException("it is not the state of a member");
        if (!bytes.StartsWith(Magic))
            throw new FormatException($"it has version {bytes[6] | (bytes[7] << 8)}; this member knows version 1");
        if (bytes.Length < Magic.Length + SHA256.HashSizeInBytes)
            throw new FormatException("it is truncated");
        var body = bytes[..^SHA256.HashSizeInBytes];
        if (!SHA256.HashData(body).AsSpan().SequenceEqual(bytes[^SHA256.HashSizeInBytes..]))
            throw new FormatException("its checksum is wrong");
        var reader = new ByteReader(body[Magic.Length..]);
        var cluster = reader.Name();
        var member = reader.Name();
        var incarnation = reader.Count64();
        var votes = new MemberState.Ballot[reader.ListCount(leastEach: 10, MemberState.MaxElections)];
        for (var i = 0; i < votes.Length && reader.Problem is null; i++)
            votes[i] = new(reader.Name(), reader.Term(least: 1), reader.Name(orEmpty: true) is { Length: > 0 } votedFor ? votedFor : null);
        reader.End();
        return reader.Problem is { } problem ? throw new FormatException(problem) : new(cluster, member, incarnation, votes);
    }
}
