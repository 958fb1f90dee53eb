namespace LeaderElection.ZooKeeper.Client;

/// <summary>The first frame each way.</summary>
/// <param name="SessionId">The session; 0 asks for a new one, and answers that the asked one is no more.</param>
internal readonly record struct Handshake(long SessionId, byte[] Password, TimeSpan Timeout)
{
    public void WriteTo(JuteWriter writer, long lastZxid) =>
        writer.Int(0).Long(lastZxid).Int((int)Timeout.TotalMilliseconds).Long(SessionId).Buffer(Password).Bool(false);

    public static Handshake Read(ReadOnlySpan<byte> frame)
    {
        var reader = new JuteReader(frame);
        _ = reader.Int(); // protocol version
        var timeout = reader.Int();
        return new Handshake(reader.Long(), reader.Buffer(), TimeSpan.FromMilliseconds(Math.Max(0, timeout)));
    }
}
