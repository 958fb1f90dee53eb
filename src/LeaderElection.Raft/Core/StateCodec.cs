using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace LeaderElection.Raft;

/// <summary>A member's state as bytes on its disk: all of it, and after that slots for the votes of later writes, one slot each.</summary>
/// <remarks>
/// <para><c>"LERAFT" version:u16 length:i32 cluster member incarnation:i64 stateId clusterId timeout:i64 count:i32 (member stateId)*
/// votes sha256</c>, as in <see cref="FrameCodec"/>, zeros up to a whole slot, then <see cref="Slots"/> slots, each of them zeros or
/// <c>sha256 votes</c> and zeros; votes are <c>count:i32 (election term:i64 votedFor)*</c>. The first checksum is over
/// everything before it, a slot's over the first checksum and the rest of what is used of the slot.</para>
/// <para>Disks write 512 bytes whole or not at all (etcd's write-ahead log and SQLite rely on the same), and no more is
/// used of a slot; but a sector may have 4096 bytes, and whoever writes half of one may damage all of it, so each slot has
/// one to itself. A power cut in the middle of a write, which nobody has been told of yet, leaves zeros behind those
/// that were written before. Anything else is damage, zeros in front of a write as well: a flushed one is missing there.</para>
/// <para>Version 2 had no ids, no list and no timeout, and <c>sha256 election term:i64 votedFor</c> in 64 slots of 512
/// bytes, of which several could belong to one write.</para>
/// </remarks>
internal static class StateCodec
{
    /// <summary>No state is longer.</summary>
    public const int MaxLength = 8 << 20;

    /// <summary>How many writes fit after a state.</summary>
    public const int Slots = 16;

    /// <summary>A sector of any disk.</summary>
    public const int SlotLength = 4096;

    /// <summary>What is used of a slot at most; the longest vote fits.</summary>
    public const int SlotUsed = 512;

    private const int EarlierSlots = 64;

    private const int EarlierSlotLength = 512;

    private const int HashLength = SHA256.HashSizeInBytes;

    private const int BodyAt = 12;

    private static ReadOnlySpan<byte> Magic => "LERAFT\u0003\u0000"u8;

    private static ReadOnlySpan<byte> EarlierMagic => "LERAFT\u0002\u0000"u8;

    /// <summary>The whole file, with empty slots.</summary>
    public static byte[] Write(MemberState state)
    {
        var output = new ArrayBufferWriter<byte>(256 + (state.Votes.Count * 64));
        output.Write(Magic);
        var writer = new ByteWriter(output);
        writer.Int32(0);
        writer.Name(state.Cluster);
        writer.Name(state.Member);
        writer.Int64(state.Incarnation);
        writer.Guid(state.StateId);
        writer.Guid(state.ClusterId);
        writer.Int64(state.TimeoutMicroseconds);
        writer.Known(state.Members);
        Write(writer, state.Votes);
        var length = output.WrittenCount + HashLength;
        var file = new byte[Whole(length, SlotLength) + (Slots * SlotLength)];
        output.WrittenSpan.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(Magic.Length), length);
        SHA256.HashData(file.AsSpan(0, length - HashLength), file.AsSpan(length - HashLength));
        return file;
    }

    /// <summary>Fills a slot.</summary>
    /// <param name="file">The file that it belongs to, or its beginning.</param>
    /// <param name="votes">What is written.</param>
    /// <returns>What is used of it; <see langword="null"/> when that is too much.</returns>
    public static byte[]? Slot(ReadOnlySpan<byte> file, IReadOnlyList<MemberState.Ballot> votes)
    {
        var output = new ArrayBufferWriter<byte>(SlotUsed);
        Write(new ByteWriter(output), votes);
        if (output.WrittenCount > SlotUsed - HashLength)
            return null;
        var slot = new byte[SlotUsed];
        output.WrittenSpan.CopyTo(slot.AsSpan(HashLength));
        HashSlot(file, slot).CopyTo(slot, 0);
        return slot;
    }

    /// <summary>Where the slots begin.</summary>
    public static int SlotsAt(ReadOnlySpan<byte> file) => Whole(Length(file), IsEarlier(file) ? EarlierSlotLength : SlotLength);

    /// <summary>Reads the state, with the votes in the slots.</summary>
    /// <exception cref="FormatException">It is damaged, or not a state of this version; the message says which.</exception>
    public static MemberState Read(ReadOnlySpan<byte> file)
    {
        var state = ReadState(file, out var length);
        var slots = SlotsAt(file);
        var slotLength = IsEarlier(file) ? EarlierSlotLength : SlotLength;
        if (file.Length != slots + ((IsEarlier(file) ? EarlierSlots : Slots) * slotLength))
            throw new FormatException(file.Length > slots ? "it is longer than its content" : "it is truncated");
        if (file[length..slots].ContainsAnyExcept((byte)0))
            throw new FormatException("there is something between the state and the votes after it");
        var votes = new List<MemberState.Ballot>();
        var isMissing = false;
        for (var at = slots; at < file.Length; at += slotLength)
        {
            var slot = file.Slice(at, slotLength);
            if (ReadSlot(file, slot) is not { } later)
                isMissing = true;
            else if (isMissing && !IsEarlier(file))
                throw new FormatException("a vote after the state is missing");
            else
                votes.AddRange(later);
        }
        return votes is [] ? state : state with { Votes = Merge(state.Votes, votes) };
    }

    /// <summary>Reads what comes before the slots.</summary>
    /// <exception cref="FormatException">It is damaged, or not a state of this version; the message says which.</exception>
    internal static MemberState ReadState(ReadOnlySpan<byte> file, out int length)
    {
        if (file.IsEmpty)
            throw new FormatException("it is empty");
        if (file.Length > MaxLength)
            throw new FormatException("it is too long");
        if (file.Length < Magic.Length || !file.StartsWith(Magic[..6]))
            throw new FormatException("it is not the state of a member");
        var isEarlier = IsEarlier(file);
        if (!isEarlier && !file.StartsWith(Magic))
            throw new FormatException($"it has version {file[6] | (file[7] << 8)}; this member knows versions 2 and 3");
        if (file.Length < BodyAt + HashLength)
            throw new FormatException("it is truncated");
        length = Length(file);
        if (length < BodyAt + HashLength || length > file.Length)
            throw new FormatException("it is truncated");
        if (!SHA256.HashData(file[..(length - HashLength)]).AsSpan().SequenceEqual(Checksum(file)))
            throw new FormatException("its checksum is wrong");
        var reader = new ByteReader(file[BodyAt..(length - HashLength)]);
        var cluster = reader.Name();
        var member = reader.Name();
        var incarnation = reader.Count64();
        var (stateId, clusterId, timeout, known) = isEarlier
            ? (Guid.Empty, MemberState.EarlierCluster, 0L, [])
            : (reader.Guid(), reader.Guid(), reader.Count64(), reader.Known());
        var votes = ReadVotes(ref reader);
        reader.End();
        return reader.Problem is { } problem ? throw new FormatException(problem) : new(cluster, member, incarnation, votes)
        {
            StateId = stateId,
            ClusterId = clusterId,
            TimeoutMicroseconds = timeout,
            Members = known,
        };
    }

    /// <returns><see langword="null"/> when it is empty.</returns>
    /// <exception cref="FormatException">It is damaged.</exception>
    internal static IReadOnlyList<MemberState.Ballot>? ReadSlot(ReadOnlySpan<byte> file, ReadOnlySpan<byte> slot)
    {
        if (!slot.ContainsAnyExcept((byte)0))
            return null;
        if (!slot[..HashLength].SequenceEqual(HashSlot(file, slot[..SlotUsed])))
            throw new FormatException("a vote after the state has a wrong checksum");
        var reader = new ByteReader(slot[HashLength..]);
        var votes = IsEarlier(file) ? [ReadBallot(ref reader)] : ReadVotes(ref reader);
        reader.EndInZeros();
        if (reader.Problem is { } problem)
            throw new FormatException($"a vote after the state: {problem}");
        return votes;
    }

    /// <summary>Terms only grow, and a vote in a term is given once.</summary>
    private static MemberState.Ballot[] Merge(IReadOnlyList<MemberState.Ballot> votes, List<MemberState.Ballot> later)
    {
        var merged = votes.ToDictionary(b => b.Election);
        foreach (var ballot in later)
        {
            if (!merged.TryGetValue(ballot.Election, out var known) || ballot.Term > known.Term)
                merged[ballot.Election] = ballot;
            else if (ballot.Term == known.Term && known.VotedFor is null)
                merged[ballot.Election] = ballot;
            else if (ballot.Term == known.Term && ballot.VotedFor is not null && ballot.VotedFor != known.VotedFor)
                throw new FormatException($"it has two votes in term {ballot.Term} of '{ballot.Election}'");
        }
        return merged.Count <= MemberState.MaxElections ? [.. merged.Values] : throw new FormatException("it has more elections than are allowed");
    }

    private static void Write(ByteWriter writer, IReadOnlyList<MemberState.Ballot> votes)
    {
        writer.Int32(votes.Count);
        foreach (var ballot in votes)
        {
            writer.Name(ballot.Election);
            writer.Int64(ballot.Term);
            writer.Name(ballot.VotedFor ?? "");
        }
    }

    private static MemberState.Ballot[] ReadVotes(ref ByteReader reader)
    {
        var votes = new MemberState.Ballot[reader.ListCount(leastEach: 10, MemberState.MaxElections)];
        for (var i = 0; i < votes.Length && reader.Problem is null; i++)
            votes[i] = ReadBallot(ref reader);
        return votes;
    }

    private static MemberState.Ballot ReadBallot(ref ByteReader reader) =>
        new(reader.Name(), reader.Term(least: 1), reader.Name(orEmpty: true) is { Length: > 0 } votedFor ? votedFor : null);

    private static byte[] HashSlot(ReadOnlySpan<byte> file, ReadOnlySpan<byte> slot)
    {
        Span<byte> covered = stackalloc byte[SlotUsed];
        Checksum(file).CopyTo(covered);
        slot[HashLength..].CopyTo(covered[HashLength..]);
        return SHA256.HashData(covered);
    }

    private static int Whole(int length, int unit) => (length + unit - 1) / unit * unit;

    private static bool IsEarlier(ReadOnlySpan<byte> file) => file.StartsWith(EarlierMagic);

    private static int Length(ReadOnlySpan<byte> file) => BinaryPrimitives.ReadInt32LittleEndian(file[Magic.Length..]);

    private static ReadOnlySpan<byte> Checksum(ReadOnlySpan<byte> file) => file[(Length(file) - HashLength)..Length(file)];
}
