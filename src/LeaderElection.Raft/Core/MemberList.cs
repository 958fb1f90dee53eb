namespace LeaderElection.Raft;

/// <summary>The members that vote, in an order that all of them share.</summary>
/// <remarks>
/// For now the list is fixed by configuration and kept with the votes, and its version is always 1. A list that changes while members run
/// would count its version up and be agreed upon like a vote (Ongaro 2014, chapter 4); whatever reads the list reads it here.
/// </remarks>
internal sealed record MemberList
{
    public const int MinCount = 3;
    public const int MaxCount = 9;

    /// <exception cref="ArgumentException">The list breaks a rule; the message says which.</exception>
    public MemberList(IEnumerable<Entry> members, long version = 1)
    {
        Version = version;
        Members = [.. members.OrderBy(m => m.Id, StringComparer.Ordinal)];
        if (Members.Length is < MinCount or > MaxCount)
            throw new ArgumentException($"the list has {Members.Length} members; allowed are {MinCount} to {MaxCount}", nameof(members));
        foreach (var member in Members)
            ElectionNames.Validate(member.Id, "member");
        for (var i = 1; i < Members.Length; i++)
        {
            if (Members[i].Id == Members[i - 1].Id)
                throw new ArgumentException($"the list names {Members[i].Id} twice", nameof(members));
        }
    }

    public long Version { get; }

    public Entry[] Members { get; }

    /// <summary>How many members are a majority.</summary>
    public int Majority => (Members.Length / 2) + 1;

    public override string ToString() =>
        string.Join(',', Members.Select(m => m.Priority == 0 ? m.Id : FormattableString.Invariant($"{m.Id}:{m.Priority}")));

    /// <param name="Id">Its name.</param>
    /// <param name="Priority">A member that is well takes elections over from members of a lower one.</param>
    internal readonly record struct Entry(string Id, int Priority = 0);
}
