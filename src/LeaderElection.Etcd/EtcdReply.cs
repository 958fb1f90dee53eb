using LeaderElection.Telemetry;

namespace LeaderElection.Etcd;

/// <summary>What an endpoint answers may be anything: it is read no longer than is sensible, and refused in one clear line.</summary>
internal static class EtcdReply
{
    /// <summary>An answer to the largest transaction of elections, with the longest names, is far smaller.</summary>
    public const int MaxLength = 16 << 20;

    private const int MaxWords = 300;

    public static EtcdFailure Senseless(Exception? e = null) => Refused("its answer makes no sense; is this the client URL of etcd 3.4 or later?", e);

    public static EtcdFailure TooLong() => Refused($"its answer has more than {MaxLength} bytes; is this the client URL of etcd?", null);

    /// <summary>What an endpoint says, fit for one line.</summary>
    public static string Words(string text) => ElectionNames.Printable(text, MaxWords);

    private static EtcdFailure Refused(string why, Exception? e)
    {
        ElectionTelemetry.Refused("reply", "etcd");
        return new EtcdFailure(EtcdFailure.NoAnswer, why, e);
    }
}
