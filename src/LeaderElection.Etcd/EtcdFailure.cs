using LeaderElection.Telemetry;

namespace LeaderElection.Etcd;

/// <summary>What went wrong with a request, in etcd's words or the network's.</summary>
/// <param name="code">The gRPC code; -1 when etcd itself said nothing.</param>
internal sealed class EtcdFailure(int code, string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>The endpoint did not answer, or nothing that etcd would say.</summary>
    public const int NoAnswer = -1;

    public const string IsThisEtcd = "is this the client URL of etcd 3.4 or later, with the right scheme?";

    private const int MaxWords = 300;
    private const int DeadlineExceeded = 4;
    private const int NotFound = 5;
    private const int PermissionDenied = 7;
    private const int FailedPrecondition = 9;
    private const int Unimplemented = 12;
    private const int Unavailable = 14;
    private const int Unauthenticated = 16;

    /// <summary>Something answered, and not as etcd would.</summary>
    public static EtcdFailure NotEtcd(string answer, Exception? e = null) =>
        new(Unimplemented, $"{answer}, which etcd would not answer; {IsThisEtcd}", e);

    /// <summary>What an endpoint answers may be anything: what makes no sense is refused in one clear line.</summary>
    public static EtcdFailure Senseless(Exception? e = null) => Refused("its answer makes no sense; is this the client URL of etcd 3.4 or later?", e);

    public static EtcdFailure TooLong(int limit) => Refused($"its answer has more than {limit} bytes; is this the client URL of etcd?", null);

    /// <summary>What an endpoint says, fit for one line.</summary>
    public static string Words(string text) => ElectionNames.Printable(text, MaxWords);

    /// <summary>Whether another member of the cluster may do better.</summary>
    public bool IsOfEndpoint => code is NoAnswer or DeadlineExceeded or Unavailable;

    /// <summary>Whether the same request may succeed later without anybody's doing.</summary>
    public bool IsTransient => InnerException is not System.Security.Authentication.AuthenticationException
        && code is NoAnswer or DeadlineExceeded or Unavailable or Unauthenticated or 1 or 2 or 8 or 10 or 13;

    /// <summary>Whether a new token would help: it has expired, or the users have changed since, or none was needed until now.</summary>
    public bool WantsToken => code == Unauthenticated || Says("revision of auth store is old") || Says("user name is empty");

    public bool IsPermissionDenied => code == PermissionDenied;

    public bool IsLeaseGone => code == NotFound && Says("lease not found");

    public bool IsLeaseThere => code == FailedPrecondition && Says("lease already exists");

    public bool IsAuthOff => code == FailedPrecondition && Says("authentication is not enabled");

    /// <summary>For people: what it means and what to do.</summary>
    public string Explain()
    {
        if (Says("authentication failed"))
            return "the user or its password was refused; check them";
        if (Says("user name is empty"))
            return "a user and its password are needed; give them in the connection string or the options";
        if (IsPermissionDenied)
            return "the user may not do what an election needs: its role must allow reading and writing under the election's name";
        if (Says("no leader") || Says("leader changed") || Says("request timed out"))
            return $"the cluster has no quorum at the moment ({Message})";
        if (Says("database space exceeded"))
            return "its database is full; compact and defragment it, then disarm the alarm";
        return Message;
    }

    private static EtcdFailure Refused(string why, Exception? e)
    {
        ElectionTelemetry.Refused("reply", "etcd");
        return new EtcdFailure(NoAnswer, why, e);
    }

    private bool Says(string words) => Message.Contains(words, StringComparison.Ordinal);
}
