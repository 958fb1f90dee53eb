namespace LeaderElection.Raft;

/// <summary>One process of a member, from its start to its end.</summary>
/// <param name="StateId">The state that it was started with.</param>
/// <param name="Incarnation">Which start of that state it is.</param>
internal readonly record struct Life(Guid StateId, long Incarnation)
{
    /// <summary>Whether this one can only have been started after that one had ended: one folder serves one process at a time.</summary>
    public bool Succeeds(Life other) => StateId == other.StateId && Incarnation > other.Incarnation;
}
