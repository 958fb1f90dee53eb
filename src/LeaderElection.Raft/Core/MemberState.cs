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

    /// <summary>The cluster of a member whose state is of a version that kept no <see cref="ClusterId"/>.</summary>
    public static readonly Guid EarlierCluster = Guid.AllBitsSet;

    /// <summary>Made with the state, a later one higher: by this the others see that a member has lost what it promised.</summary>
    public Guid StateId { get; init; }

    /// <summary>The cluster that the member was let into with this state; empty as long as it has not been, see <see cref="Admission"/>.</summary>
    public Guid ClusterId { get; init; }

    /// <summary>The list of members that it voted under, itself included, with the state under which it knows each. Empty if a version saved it that did not keep the list.</summary>
    public IReadOnlyList<Known> Members { get; init; } = [];

    /// <summary>The longest time for which a leader may count on it; 0 if unknown.</summary>
    public long TimeoutMicroseconds { get; init; }

    /// <summary>That of a member that begins.</summary>
    public static MemberState Fresh(RaftConfiguration configuration, Guid stateId) => new(configuration.Cluster, configuration.Self, 0, []) { StateId = stateId };

    /// <summary>Whether all is the same but the votes.</summary>
    public bool HasHeadOf(MemberState other) =>
        (Cluster, Member, Incarnation, StateId, ClusterId, TimeoutMicroseconds)
            == (other.Cluster, other.Member, other.Incarnation, other.StateId, other.ClusterId, other.TimeoutMicroseconds)
        && Members.SequenceEqual(other.Members);

    /// <summary>
    /// Says why a member with this state must not take part under a configuration. Under two lists of members two
    /// majorities could elect, each without the other's knowledge.
    /// </summary>
    /// <returns><see langword="null"/> when it may.</returns>
    public string? WhyNot(RaftConfiguration configuration)
    {
        var configured = configuration.List.Members.Select(m => m.Id).ToArray();
        return ClusterId == Guid.Empty || Members.Count == 0 || configured.SequenceEqual(Members.Select(m => m.Member))
            ? null
            : $"has voted among the members {string.Join(',', Members.Select(m => m.Member))}, but the configuration names {string.Join(',', configured)}: two lists could elect two leaders; start it with the list that it knows";
    }

    /// <param name="Election">The election.</param>
    /// <param name="Term">The highest term seen.</param>
    /// <param name="VotedFor">The member voted for in that term, if any.</param>
    internal readonly record struct Ballot(string Election, long Term, string? VotedFor);

    /// <param name="Member">The id of a member.</param>
    /// <param name="StateId">The latest state with which it was heard of; empty if it was not.</param>
    internal readonly record struct Known(string Member, Guid StateId);
}
