namespace LeaderElection.Leases;

/// <summary>An election's living leader, as the store has it.</summary>
/// <param name="Leader">The leader.</param>
/// <param name="LeaseId">The lease of its process.</param>
/// <param name="Remaining">How long that lease has to run if it is not renewed.</param>
public sealed record LeaseRecord(LeaderInfo Leader, string LeaseId, TimeSpan Remaining);
