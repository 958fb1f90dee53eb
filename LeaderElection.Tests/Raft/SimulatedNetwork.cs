using System.Buffers;
using LeaderElection.Raft;

namespace LeaderElection.Tests.Raft;

/// <summary>A network that loses, repeats, delays and reorders what it carries, and can be cut one way only.</summary>
internal sealed class SimulatedNetwork(Simulation world, Random random)
{
    private readonly bool[,] _cut = new bool[world.Scenario.Members, world.Scenario.Members];
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private bool _isHealed;

    public int Messages { get; private set; }

    public void Cut(int from, int to) => _cut[from, to] = true;

    /// <summary>Ends the cuts.</summary>
    public void Heal() => Array.Clear(_cut);

    /// <summary>Ends every trouble.</summary>
    public void HealForGood()
    {
        Heal();
        _isHealed = true;
    }

    public void Send(SimulatedMember from, string to, Message message)
    {
        Messages++;
        message = (world.Scenario.Defect, message) switch
        {
            (Defect.VotesTwice, Message.VoteReply reply) when reply.VoterTerm == reply.Term => reply with { Granted = true },
            (Defect.HidesRefusals, Message.HeartbeatAck ack) => ack with { Refused = [] },
            (Defect.AcknowledgesBlindly, Message.HeartbeatAck ack) => ack with { Applied = long.MaxValue },
            (Defect.TellsNoTerms, Message.Memory memory) => memory with { Terms = [] },
            _ => message,
        };
        var target = world.Members.First(m => m.Id == to);
        var scenario = world.Scenario;
        if (!_isHealed && random.NextDouble() < scenario.Loss)
            return;
        Carry(from, target, message);
        if (!_isHealed && random.NextDouble() < scenario.Duplication)
            Carry(from, target, message);
    }

    private void Carry(SimulatedMember from, SimulatedMember to, Message message)
    {
        if (_cut[from.Index, to.Index])
            return;
        var isLate = !_isHealed && random.NextDouble() < world.Scenario.Late;
        var delay = isLate ? random.NextInt64(world.Scenario.Lateness) : random.NextInt64(50, 400);
        var (fingerprint, carried) = ThroughBytes(message);
        // Deliberately not bound to the process: what was sent before a restart may arrive after it.
        world.At(world.Now + delay, null, () =>
        {
            if (!_cut[from.Index, to.Index])
                to.Step(new Input.Received(from.Id, fingerprint, carried));
        });
    }

    private (ulong Fingerprint, Message Message) ThroughBytes(Message message)
    {
        _bytes.ResetWrittenCount();
        FrameCodec.Write(_bytes, world.Fingerprint, message);
        var status = FrameCodec.Read(_bytes.WrittenSpan, out _, out var fingerprint, out var read, out var problem);
        if (status != FrameStatus.Read)
            throw new InvalidOperationException(problem);
        return (fingerprint, read!);
    }
}
