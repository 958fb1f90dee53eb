using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using LeaderElection.Raft;
using LeaderElection.Raft.Transport;

namespace LeaderElection.Tests.Fuzz;

/// <summary>What members of a raft cluster tell each other, and what one keeps on its disk.</summary>
internal static class RaftFormats
{
    private const string Secret = "the secret of the fuzzed members";

    private static readonly Guid StateId = new("01020304-0506-0708-090a-0b0c0d0e0f10");

    private static readonly byte[][] Frames =
    [
        Frame(new Message.PreVote("e", 1)),
        Frame(new Message.PreVoteReply("e", 1, 0, false)),
        Frame(new Message.Vote(new string('n', 128), MemberState.MaxTerm, 7)),
        Frame(new Message.VoteReply("a.b_c-D", 9, 9, true)),
        Frame(new Message.Heartbeat(default, 1, 2, 3, 4, [new("e", 5, "c"), new("f", 0, ""), new("g", 0, "d")])),
        Frame(new Message.HeartbeatAck(default, 1, 2, 4, [new("e", 6)])),
        Frame(new Message.TimeoutNow("e", 3, true)),
        Frame(new Message.Configuration("c", 1, "m0,m1:5,m2", 150_000)),
        Frame(new Message.Recall(StateId)),
        Frame(new Message.Memory(StateId, default, StateId, [new("m0", StateId), new("m1", default)], [new("e", 6)])),
        [.. Frame(new Message.Probe(7, true)), .. Frame(new Message.Probe(8, false))],
    ];

    private static readonly Hello Introduction = new("m1", "m0", new(StateId, 3), true, false, default, new byte[Hello.NonceLength]);

    private static readonly byte[][] Handshakes =
    [
        Piece(1, Introduction.ToBytes()),
        Piece(2, [.. Introduction.ToBytes(), .. new byte[HMACSHA256.HashSizeInBytes]]),
        Piece(3, new byte[HMACSHA256.HashSizeInBytes]),
        Piece(4, [(byte)RefusalReason.Stranger]),
        [.. Piece(1, Introduction.ToBytes()), .. Piece(3, new byte[HMACSHA256.HashSizeInBytes])],
    ];

    private static readonly byte[] StateFile = StateCodec.Write(new("c", "m0", 7, [new("e", 5, "m1"), new("f", 1, null), new(new string('n', 128), MemberState.MaxTerm, "m2")])
    {
        StateId = StateId,
        ClusterId = StateId,
        Members = [new("m0", StateId), new("m1", default), new("m2", StateId)],
        TimeoutMicroseconds = 150_000,
    });

    private static readonly byte[][] States = [State(StateCodec.Write(new("c", "m0", 1, []))), State(StateFile)];

    private static readonly byte[][] Votes =
    [
        Vote(new MemberState.Ballot("e", 6, null)),
        Vote(new MemberState.Ballot("g", MemberState.MaxTerm, "m2"), new("h", 7, null)),
        Vote(new MemberState.Ballot(new string('n', 128), 1, new string('m', 128))),
    ];

    public static readonly FuzzFormat[] All =
    [
        new("raft-frames", Frames, ReadFrames) { Fix = WithLength },
        new("raft-handshake", Handshakes, ReadHandshake) { Fix = WithShortLength, IsSealed = true, AcceptsSamples = false },
        new("raft-state", States, ReadState) { Fix = WithChecksum, IsSealed = true },
        new("raft-votes", Votes, ReadVote) { Fix = WithSlotChecksum, IsSealed = true },
    ];

    private static byte[] Frame(Message message)
    {
        var output = new ArrayBufferWriter<byte>();
        FrameCodec.Write(output, 0x0123456789ABCDEF, message);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Piece(byte kind, byte[] content) => WithShortLength([0, 0, kind, .. content]);

    private static byte[] WithLength(byte[] bytes)
    {
        if (bytes.Length >= sizeof(uint))
            BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length - sizeof(uint));
        return bytes;
    }

    private static byte[] WithShortLength(byte[] bytes)
    {
        if (bytes.Length >= sizeof(ushort))
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)(bytes.Length - sizeof(ushort)));
        return bytes;
    }

    private static byte[] WithChecksum(byte[] bytes) =>
        bytes.Length < SHA256.HashSizeInBytes ? bytes : [.. bytes[..^SHA256.HashSizeInBytes], .. SHA256.HashData(bytes.AsSpan(0, bytes.Length - SHA256.HashSizeInBytes))];

    /// <summary>A file without its slots.</summary>
    private static byte[] State(byte[] file)
    {
        StateCodec.ReadState(file, out var length);
        return file[..length];
    }

    private static byte[] Vote(params MemberState.Ballot[] votes) => StateCodec.Slot(StateFile, votes)!;

    private static byte[] WithSlotChecksum(byte[] bytes)
    {
        if (bytes.Length != StateCodec.SlotUsed)
            return bytes;
        byte[] covered = [.. State(StateFile)[^SHA256.HashSizeInBytes..], .. bytes[SHA256.HashSizeInBytes..]];
        return [.. SHA256.HashData(covered), .. bytes[SHA256.HashSizeInBytes..]];
    }

    private static string? ReadFrames(byte[] input)
    {
        var rest = input.AsSpan();
        while (true)
        {
            switch (FrameCodec.Read(rest, out var consumed, out var fingerprint, out var message, out var problem))
            {
                case FrameStatus.Refused:
                    Assert.Null(message);
                    return problem!;
                case FrameStatus.Incomplete:
                    Assert.Null(message);
                    return null;
            }
            var again = new ArrayBufferWriter<byte>();
            FrameCodec.Write(again, fingerprint, message!);
            Assert.True(again.WrittenSpan.SequenceEqual(rest[..consumed]), $"it was read as {message}");
            rest = rest[consumed..];
        }
    }

    /// <summary>Whoever has not the secret gets nowhere, on either side.</summary>
    private static string? ReadHandshake(byte[] input)
    {
        var handshake = new Handshake("m0", new(StateId, 1), Secret, () => true);
        return Refusal(() => handshake.AcceptAsync(new Replay(input), _ => null, CancellationToken.None)) is { } accepting
            && Refusal(() => handshake.DialAsync(new Replay(input, piece: 3), "m1", _ => null, CancellationToken.None)) is { } dialling
                ? $"{accepting}; {dialling}"
                : null;

        static string? Refusal(Func<Task<Hello>> shake)
        {
            try
            {
                shake().GetAwaiter().GetResult();
                return null;
            }
            catch (Exception e) when (e is RefusedException or IOException)
            {
                return e.Message;
            }
        }
    }

    private static string? ReadState(byte[] input)
    {
        try
        {
            var state = StateCodec.ReadState(input, out var length);
            if (length != input.Length)
                return "it is longer than its content";
            Assert.True(State(StateCodec.Write(state)).AsSpan().SequenceEqual(input), "it was read as something else");
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    /// <summary>As the file has them: slots of one length each.</summary>
    private static string? ReadVote(byte[] input)
    {
        if (input.Length != StateCodec.SlotUsed)
            return "it is truncated or too long";
        try
        {
            if (StateCodec.ReadSlot(StateFile, input) is { } votes)
                Assert.True(Vote([.. votes]).AsSpan().SequenceEqual(input), "it was read as something else");
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }
}
