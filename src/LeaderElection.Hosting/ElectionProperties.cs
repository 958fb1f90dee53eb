namespace LeaderElection.Hosting;

/// <summary>The names of the properties that an election's row has.</summary>
public static class ElectionProperties
{
    /// <summary>The leader's candidate id, as a string; empty while nobody leads.</summary>
    public const string Leader = "election.leader";

    /// <summary>The leader's fencing token, as a <see cref="long"/>; missing while nobody leads.</summary>
    public const string FencingToken = "election.fencing_token";

    /// <summary>When the leader was elected, by its own or the store's wall clock, as text in local time.</summary>
    public const string Since = "election.since";

    /// <summary>How many leaderships the row has seen, as an <see cref="int"/>.</summary>
    public const string Leaderships = "election.leaderships";

    /// <summary>
    /// For how many milliseconds nobody led before the latest leader, as an <see cref="int"/>; 0 where one followed the
    /// other unseen; missing before the second leadership.
    /// </summary>
    public const string LastGap = "election.last_gap";

    /// <summary>The replicas that are running, by id, separated by commas.</summary>
    public const string Candidates = "election.candidates";
}
