namespace LeaderElection.PostgreSql;

/// <summary>A guarded transaction was refused, and rolled back: the leadership under which it was begun is over.</summary>
public sealed class StaleLeadershipException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="election">The election.</param>
    /// <param name="fencingToken">The token of the leadership that is over.</param>
    public StaleLeadershipException(string election, long fencingToken)
        : base(FormattableString.Invariant($"The leadership of '{election}' with fencing token {fencingToken} is over; the transaction was rolled back.")) =>
        (ElectionName, FencingToken) = (election, fencingToken);

    /// <summary>The election.</summary>
    public string ElectionName { get; }

    /// <summary>The token of the leadership that is over.</summary>
    public long FencingToken { get; }
}
