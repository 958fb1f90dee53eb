namespace LeaderElection.Tests.Servers;

/// <summary>What a proxy does with what a server sends on one connection: it knows the messages, and can lose those that tell of events.</summary>
public abstract class MessageFilter
{
    private readonly List<byte> _received = [];

    /// <summary>What is to be passed on; what is not a whole message yet stays here.</summary>
    /// <param name="received">As it comes from the network.</param>
    /// <param name="losesEvents">Whether events are to be lost.</param>
    public byte[] Pass(ReadOnlySpan<byte> received, bool losesEvents)
    {
        _received.AddRange(received);
        var all = _received.ToArray();
        var passed = new List<byte>();
        var at = 0;
        while (at < all.Length && LengthOf(all.AsSpan(at)) is { } length && at + length <= all.Length)
        {
            var message = all.AsSpan(at, length);
            if (!losesEvents || !IsEvent(message))
                passed.AddRange(message);
            at += length;
        }
        _received.RemoveRange(0, at);
        return [.. passed];
    }

    /// <summary>The length of the first message; <see langword="null"/> as long as it cannot be told.</summary>
    protected abstract int? LengthOf(ReadOnlySpan<byte> received);

    protected abstract bool IsEvent(ReadOnlySpan<byte> message);
}
