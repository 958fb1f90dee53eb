using System.Buffers.Binary;

namespace LeaderElection.Tests.Servers;

/// <summary>ZooKeeper's frames: a reply with the number -1 is a watch's event.</summary>
public sealed class ZooKeeperMessages : MessageFilter
{
    protected override int? LengthOf(ReadOnlySpan<byte> received) => received.Length < 4 ? null : 4 + BinaryPrimitives.ReadInt32BigEndian(received);

    protected override bool IsEvent(ReadOnlySpan<byte> message) => message.Length >= 8 && BinaryPrimitives.ReadInt32BigEndian(message[4..]) == -1;
}
