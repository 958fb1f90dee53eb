namespace LeaderElection.Raft;

/// <summary>What a member must never forget.</summary>
/// <param name="Cluster">Its cluster.</param>
/// <param name="Member">Its id.</param>
/// <param name="Incarnation">How often it was started.</param>
/// <param name="Votes">Its term and vote in every election that it ever took part in.</param>
internal sealed record MemberState(string Cluster, string Member, long Incarnation, IReadOnlyList<MemberState.Ballot> Votes)
{
    /// <summary>How many elections a member takes part in at most, over its whole life: a term is never forgotten.</summary>
    public const int MaxElections = 20_000;

    /// <summary>Terms above this are refused, so that counting on from one never overflows.</summary>
    public const long MaxTerm = long.MaxValue / 4;

    public static MemberState Fresh(RaftConfiguration configuration) => new(configuration.Cluster, configuration.Self, 0, []);

    /// <param name="Election">The election.</param>
    /// <param name="Term">The highest term seen.</param>
    /// <param name="VotedFor">The member voted for in that term, if any.</param>
    internal readonly record struct Ballot(string Election, long Term, string? VotedFor);
}
