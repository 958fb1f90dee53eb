using System.Buffers;
using System.Buffers.Binary;
using LeaderElection.Raft;

namespace LeaderElection.Tests.Raft;

public sealed class FrameCodecTests
{
    private const ulong Fingerprint = 0x0123456789ABCDEF;

    private static readonly Guid StateId = new("01020304-0506-0708-090a-0b0c0d0e0f10");

    private static readonly Message[] Messages =
    [
        new Message.PreVote("e", 1),
        new Message.PreVoteReply("e", 1, 0, false),
        new Message.Vote(new string('n', 128), MemberState.MaxTerm, 7),
        new Message.VoteReply("a.b_c-D", 9, 9, true),
        new Message.Heartbeat(default, 1, 2, 3, 4, [new("e", 5, "c"), new("f", 0, ""), new("g", 0, "d")]),
        new Message.Heartbeat(default, 1, 2, 4, 4, []),
        new Message.HeartbeatAck(default, 1, 2, 4, [new("e", 6)]),
        new Message.TimeoutNow("e", 3, false),
        new Message.Configuration("c", 1, "m0,m1:5,m2", 150_000),
        new Message.Probe(7, true),
        new Message.Recall(StateId),
        new Message.Memory(StateId, default, StateId, [new("m0", StateId), new("m1", default)], [new("e", 6)]),
    ];

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        foreach (var message in Messages)
        {
            Assert.Equal(FrameStatus.Read, FrameCodec.Read(Bytes(message), out var consumed, out var fingerprint, out var read, out _));
            Assert.Equal(Fingerprint, fingerprint);
            Assert.Equal(Bytes(message).Length, consumed);
            Assert.Equal(Bytes(message), Bytes(read!));
        }
    }

    [Fact]
    public void Read_SeveralFramesInOneBuffer_TakesOneAtATime()
    {
        byte[] bytes = [.. Bytes(Messages[0]), .. Bytes(Messages[4])];
        Assert.Equal(FrameStatus.Read, FrameCodec.Read(bytes, out var first, out _, out var read, out _));
        Assert.Equal(Messages[0], read);
        Assert.Equal(FrameStatus.Read, FrameCodec.Read(bytes.AsSpan(first), out var second, out _, out _, out _));
        Assert.Equal(bytes.Length, first + second);
    }

    [Fact]
    public void Read_AnyTruncation_AsksForMore()
    {
        foreach (var bytes in Messages.Select(Bytes))
        {
            for (var length = 0; length < bytes.Length; length++)
                Assert.Equal(FrameStatus.Incomplete, FrameCodec.Read(bytes.AsSpan(0, length), out _, out _, out _, out _));
        }
    }

    [Fact]
    public void Write_TheLargestHeartbeat_FitsAFrame()
    {
        var name = new string('n', 123);
        var notices = Enumerable.Range(0, MemberState.MaxElections).Select(i => new Message.Notice($"{name}{i:D5}", 1, $"{name}{i:D5}")).ToArray();
        var bytes = Bytes(new Message.Heartbeat(default, 1, 1, 0, 1, notices));
        Assert.Equal(FrameStatus.Read, FrameCodec.Read(bytes, out _, out _, out var read, out _));
        Assert.Equal(notices, ((Message.Heartbeat)read!).Notices);
    }

    [Theory]
    [InlineData(0u, "a frame of 0 bytes; allowed are 10 to 6291456")]
    [InlineData(6291457u, "a frame of 6291457 bytes; allowed are 10 to 6291456")]
    [InlineData(0x20544547u, "a frame of 542393671 bytes; allowed are 10 to 6291456")]
    public void Read_LengthOutOfRange_IsRefusedBeforeTheRestArrives(uint length, string expected) =>
        Assert.Equal(expected, Refused(b => BinaryPrimitives.WriteUInt32LittleEndian(b, length))[..expected.Length]);

    [Fact]
    public void Read_OtherVersion_IsRefused() =>
        Assert.Equal("a frame of protocol version 1; this member speaks version 3", Refused(b => b[4] = 1));

    [Fact]
    public void Read_UnknownKind_IsRefused() => Assert.Equal("a frame of kind 99: the kind is unknown", Refused(b => b[5] = 99));

    [Fact]
    public void Read_NameThatIsNone_IsRefused() => Assert.Equal("a frame of kind 1: a name is not one", Refused(b => b[15] = (byte)'/'));

    [Fact]
    public void Read_NameBeyondTheFrame_IsRefused() => Assert.Equal("a frame of kind 1: it is truncated", Refused(b => b[14] = 200));

    [Fact]
    public void Read_TermOutOfRange_IsRefused() => Assert.Equal("a frame of kind 1: a term is out of range", Refused(b => b[23] = 0xFF));

    [Fact]
    public void Read_ListLongerThanItsFrame_IsRefusedWithoutRoomBeingMadeForIt()
    {
        var bytes = Bytes(new Message.Heartbeat(default, 1, 2, 3, 4, []));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), 9_999);
        Assert.Equal(FrameStatus.Refused, FrameCodec.Read(bytes, out _, out _, out _, out var problem));
        Assert.Equal("a frame of kind 5: a list is longer than its frame, or than is allowed", problem);
    }

    [Fact]
    public void Read_Garbage_IsReadOrRefusedAndNeverThrows()
    {
        var random = new Random(5);
        var refused = 0;
        var originals = Messages.Select(Bytes).ToArray();
        for (var i = 0; i < 250_000; i++)
        {
            var original = originals[random.Next(originals.Length)];
            byte[] bytes;
            switch (random.Next(3))
            {
                case 0:
                    // Anything behind a header that is right, so that it is looked at.
                    bytes = new byte[random.Next(14, 80)];
                    random.NextBytes(bytes);
                    BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)bytes.Length - 4);
                    bytes[4] = FrameCodec.Version;
                    bytes[5] = (byte)random.Next(10);
                    break;
                case 1:
                    bytes = [.. original];
                    for (var changes = random.Next(1, 5); changes > 0; changes--)
                        bytes[random.Next(4, bytes.Length)] = (byte)random.Next(256);
                    break;
                default:
                    bytes = new byte[random.Next(64)];
                    random.NextBytes(bytes);
                    break;
            }
            var status = FrameCodec.Read(bytes, out var consumed, out _, out var message, out var problem);
            Assert.Equal(status == FrameStatus.Read, message is not null);
            Assert.Equal(status == FrameStatus.Refused, problem is not null);
            Assert.InRange(consumed, 0, bytes.Length);
            if (status == FrameStatus.Refused)
                refused++;
            // Whatever is read is a message that can be written, in the same bytes.
            if (message is not null && (bytes[5] is not (2 or 4) || bytes[consumed - 1] < 2))
                Assert.Equal(consumed, Bytes(message).Length);
        }
        Assert.InRange(refused, 100_000, 250_000);
    }

    private static byte[] Bytes(Message message)
    {
        var output = new ArrayBufferWriter<byte>();
        FrameCodec.Write(output, Fingerprint, message);
        return output.WrittenSpan.ToArray();
    }

    private static string Refused(Action<byte[]> damage)
    {
        var bytes = Bytes(Messages[0]);
        damage(bytes);
        Assert.Equal(FrameStatus.Refused, FrameCodec.Read(bytes, out var consumed, out _, out var message, out var problem));
        Assert.Equal(0, consumed);
        Assert.Null(message);
        return problem!;
    }
}
