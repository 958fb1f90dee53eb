using System.Net;
using System.Net.Sockets;

namespace LeaderElection.Raft.Transport;

/// <summary>The two ends of a connection, as one of its sides sees them; nothing when that is not known.</summary>
internal readonly record struct Route(IPEndPoint? Local, IPEndPoint? Remote)
{
    public const int Length = 2 * EndPointLength;

    private const int EndPointLength = 16 + sizeof(ushort);

    public static Route Of(Socket socket) => new(Plain(socket.LocalEndPoint), Plain(socket.RemoteEndPoint));

    /// <summary>Whether the other side sees the same two ends: then no proxy, port mapping or forwarder stands in between.</summary>
    public bool IsDirect(Route theirs) => Local is not null && Remote is not null && Local.Equals(theirs.Remote) && Remote.Equals(theirs.Local);

    public void Write(ByteWriter writer)
    {
        foreach (var end in (IPEndPoint?[])[Local, Remote])
        {
            foreach (var part in end?.Address.GetAddressBytes() ?? new byte[16])
                writer.Byte(part);
            writer.Byte((byte)((end?.Port ?? 0) >> 8));
            writer.Byte((byte)(end?.Port ?? 0));
        }
    }

    public static Route Read(ref ByteReader reader) => new(ReadEnd(ref reader), ReadEnd(ref reader));

    private static IPEndPoint? ReadEnd(ref ByteReader reader)
    {
        var bytes = reader.Bytes(EndPointLength);
        return bytes.Length < EndPointLength || !bytes.AsSpan().ContainsAnyExcept((byte)0) ? null : new(new IPAddress(bytes.AsSpan(0, 16)), (bytes[16] << 8) | bytes[17]);
    }

    private static IPEndPoint? Plain(EndPoint? end) => end is IPEndPoint { Address: var address, Port: var port }
        ? new(new IPAddress(address.MapToIPv6().GetAddressBytes()), port)
        : null;
}
