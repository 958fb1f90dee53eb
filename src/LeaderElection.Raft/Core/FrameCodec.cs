using System.Buffers;
using System.Buffers.Binary;

namespace LeaderElection.Raft;

/// <summary>Messages as bytes on a link.</summary>
/// <remarks>
/// A frame is <c>length:u32 version:u8 kind:u8 fingerprint:u64 body</c>, little-endian, the length being that of what
/// follows it. Numbers are i64, names have a byte for their length, lists an i32 for their count. A version is one exact
/// format: what does not fit it to the last byte is refused.
/// </remarks>
internal static class FrameCodec
{
    public const byte Version = 3;

    /// <summary>A heartbeat that names every election that a member can take part in, with the longest names, is smaller.</summary>
    public const int MaxLength = 6 << 20;

    private const int HeaderLength = 10;

    private enum Kind : byte
    {
        PreVote = 1,
        PreVoteReply,
        Vote,
        VoteReply,
        Heartbeat,
        HeartbeatAck,
        TimeoutNow,
        Configuration,
        Probe,
        Recall,
        Memory,
    }

    /// <summary>Appends the frame of a message.</summary>
    public static void Write(ArrayBufferWriter<byte> output, ulong fingerprint, Message message)
    {
        var start = output.WrittenCount;
        var writer = new ByteWriter(output);
        writer.UInt32(0);
        writer.Byte(Version);
        writer.Byte((byte)KindOf(message));
        writer.UInt64(fingerprint);
        WriteBody(writer, message);
        var length = output.WrittenCount - start - sizeof(uint);
        if (length > MaxLength)
            throw new ArgumentException($"the message has {length} bytes; a frame has at most {MaxLength}", nameof(message));
        // The length is known only now; the writer hands out its memory for reading only.
        var memory = System.Runtime.InteropServices.MemoryMarshal.AsMemory(output.WrittenMemory);
        BinaryPrimitives.WriteUInt32LittleEndian(memory.Span[start..], (uint)length);
    }

    /// <summary>Reads the frame that a buffer begins with.</summary>
    /// <param name="buffer">What has arrived.</param>
    /// <param name="consumed">The length of the frame.</param>
    /// <param name="fingerprint">Of the sender's configuration.</param>
    /// <param name="message">What it says.</param>
    /// <param name="problem">Why it was refused.</param>
    public static FrameStatus Read(ReadOnlySpan<byte> buffer, out int consumed, out ulong fingerprint, out Message? message, out string? problem)
    {
        consumed = 0;
        fingerprint = 0;
        message = null;
        problem = null;
        if (buffer.Length < sizeof(uint))
            return FrameStatus.Incomplete;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(buffer);
        if (length is < HeaderLength or > MaxLength)
        {
            problem = $"a frame of {length} bytes; allowed are {HeaderLength} to {MaxLength}";
            return FrameStatus.Refused;
        }
        // Looked at before the rest has arrived: a stranger need not be waited for.
        if (buffer.Length > sizeof(uint) && buffer[sizeof(uint)] != Version)
        {
            problem = $"a frame of protocol version {buffer[sizeof(uint)]}; this member speaks version {Version}";
            return FrameStatus.Refused;
        }
        if (buffer.Length - sizeof(uint) < length)
            return FrameStatus.Incomplete;
        var reader = new ByteReader(buffer.Slice(sizeof(uint) + 1, (int)length - 1));
        var kind = (Kind)reader.Byte();
        fingerprint = reader.UInt64();
        message = ReadBody(kind, ref reader);
        reader.End();
        problem = reader.Problem;
        if (problem is not null)
        {
            problem = $"a frame of kind {(byte)kind}: {problem}";
            message = null;
            return FrameStatus.Refused;
        }
        consumed = sizeof(uint) + (int)length;
        return FrameStatus.Read;
    }

    private static Kind KindOf(Message message) => message switch
    {
        Message.PreVote => Kind.PreVote,
        Message.PreVoteReply => Kind.PreVoteReply,
        Message.Vote => Kind.Vote,
        Message.VoteReply => Kind.VoteReply,
        Message.Heartbeat => Kind.Heartbeat,
        Message.HeartbeatAck => Kind.HeartbeatAck,
        Message.TimeoutNow => Kind.TimeoutNow,
        Message.Configuration => Kind.Configuration,
        Message.Probe => Kind.Probe,
        Message.Recall => Kind.Recall,
        Message.Memory => Kind.Memory,
        _ => throw new ArgumentException($"no frame for {message.GetType().Name}", nameof(message)),
    };

    private static void WriteBody(ByteWriter writer, Message message)
    {
        switch (message)
        {
            case Message.PreVote m:
                writer.Name(m.Election);
                writer.Int64(m.Term);
                break;
            case Message.PreVoteReply m:
                WriteReply(writer, m.Election, m.Term, m.VoterTerm, m.Granted);
                break;
            case Message.Vote m:
                writer.Name(m.Election);
                writer.Int64(m.Term);
                writer.Int64(m.ReleasedTerm);
                break;
            case Message.VoteReply m:
                WriteReply(writer, m.Election, m.Term, m.VoterTerm, m.Granted);
                break;
            case Message.Heartbeat m:
                writer.Guid(m.StateId);
                writer.Int64(m.Incarnation);
                writer.Int64(m.Sequence);
                writer.Int64(m.Base);
                writer.Int64(m.Version);
                writer.Int32(m.Notices.Count);
                foreach (var notice in m.Notices)
                {
                    writer.Name(notice.Election);
                    writer.Int64(notice.Term);
                    writer.Name(notice.Candidate);
                }
                break;
            case Message.HeartbeatAck m:
                writer.Guid(m.StateId);
                writer.Int64(m.Incarnation);
                writer.Int64(m.Sequence);
                writer.Int64(m.Applied);
                WriteTerms(writer, m.Refused);
                break;
            case Message.TimeoutNow m:
                writer.Name(m.Election);
                writer.Int64(m.Term);
                writer.Boolean(m.IsNamed);
                break;
            case Message.Configuration m:
                writer.Name(m.Cluster);
                writer.Int64(m.ListVersion);
                writer.Text(m.Members);
                writer.Int64(m.TimeoutMicroseconds);
                break;
            case Message.Probe m:
                writer.Int64(m.Number);
                writer.Boolean(m.IsAnswer);
                break;
            case Message.Recall m:
                writer.Guid(m.StateId);
                break;
            case Message.Memory m:
                writer.Guid(m.Of);
                writer.Guid(m.StateId);
                writer.Guid(m.ClusterId);
                writer.Known(m.Known);
                WriteTerms(writer, m.Terms);
                break;
        }
    }

    private static void WriteTerms(ByteWriter writer, IReadOnlyList<Message.InTerm> terms)
    {
        writer.Int32(terms.Count);
        foreach (var (election, term) in terms)
        {
            writer.Name(election);
            writer.Int64(term);
        }
    }

    private static void WriteReply(ByteWriter writer, string election, long term, long voterTerm, bool granted)
    {
        writer.Name(election);
        writer.Int64(term);
        writer.Int64(voterTerm);
        writer.Boolean(granted);
    }

    private static Message? ReadBody(Kind kind, ref ByteReader reader)
    {
        switch (kind)
        {
            case Kind.PreVote:
                return new Message.PreVote(reader.Name(), reader.Term(least: 1));
            case Kind.PreVoteReply:
                return new Message.PreVoteReply(reader.Name(), reader.Term(least: 1), reader.Term(), reader.Boolean());
            case Kind.Vote:
                return new Message.Vote(reader.Name(), reader.Term(least: 1), reader.Term());
            case Kind.VoteReply:
                return new Message.VoteReply(reader.Name(), reader.Term(least: 1), reader.Term(), reader.Boolean());
            case Kind.Heartbeat:
                return new Message.Heartbeat(reader.Guid(), reader.Count64(), reader.Count64(), reader.Count64(), reader.Count64(), ReadNotices(ref reader));
            case Kind.HeartbeatAck:
                return new Message.HeartbeatAck(reader.Guid(), reader.Count64(), reader.Count64(), reader.Count64(), ReadTerms(ref reader));
            case Kind.TimeoutNow:
                return new Message.TimeoutNow(reader.Name(), reader.Term(least: 1), reader.Boolean());
            case Kind.Configuration:
                return new Message.Configuration(reader.Name(), reader.Count64(), reader.Text(), reader.Count64());
            case Kind.Probe:
                return new Message.Probe(reader.Count64(), reader.Boolean());
            case Kind.Recall:
                return new Message.Recall(reader.Guid());
            case Kind.Memory:
                return new Message.Memory(reader.Guid(), reader.Guid(), reader.Guid(), reader.Known(), ReadTerms(ref reader));
            default:
                reader.Fail("the kind is unknown");
                return null;
        }
    }

    private static Message.Notice[] ReadNotices(ref ByteReader reader)
    {
        var notices = new Message.Notice[reader.ListCount(leastEach: 11, MemberState.MaxElections)];
        for (var i = 0; i < notices.Length && reader.Problem is null; i++)
            notices[i] = new(reader.Name(), reader.Term(), reader.Name(orEmpty: true));
        return notices;
    }

    private static Message.InTerm[] ReadTerms(ref ByteReader reader)
    {
        var terms = new Message.InTerm[reader.ListCount(leastEach: 10, MemberState.MaxElections)];
        for (var i = 0; i < terms.Length && reader.Problem is null; i++)
            terms[i] = new(reader.Name(), reader.Term(least: 1));
        return terms;
    }
}
