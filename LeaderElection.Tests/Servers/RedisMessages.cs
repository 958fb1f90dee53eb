using System.Text;

namespace LeaderElection.Tests.Servers;

/// <summary>RESP, version 2 and 3: pub/sub messages are events.</summary>
public sealed class RedisMessages : MessageFilter
{
    protected override int? LengthOf(ReadOnlySpan<byte> received) => End(received, 0);

    protected override bool IsEvent(ReadOnlySpan<byte> message) =>
        message[0] is (byte)'*' or (byte)'>' && Encoding.ASCII.GetString(message[..Math.Min(32, message.Length)]).Split("\r\n") is [_, _, "message" or "pmessage" or "smessage", ..];

    private static int? End(ReadOnlySpan<byte> all, int from)
    {
        var line = all[from..].IndexOf("\r\n"u8);
        if (line < 0)
            return null;
        var end = from + line + 2;
        var header = all[(from + 1)..(from + line)];
        switch ((char)all[from])
        {
            case '$' or '=' or '!':
                return int.Parse(header) is >= 0 and var length ? end + length + 2 : end;
            case '*' or '>' or '~' or '%' or '|':
                for (var left = int.Parse(header) * (all[from] is (byte)'%' or (byte)'|' ? 2 : 1); left > 0; left--)
                {
                    if (end >= all.Length || End(all, end) is not { } next)
                        return null;
                    end = next;
                }
                return end;
            default:
                return end;
        }
    }
}
