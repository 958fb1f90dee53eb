namespace LeaderElection.Leases;

/// <summary>Whom the store names as an election's leader, as far as one need know to see that it has changed.</summary>
/// <param name="LeaseId">The lease of its process.</param>
/// <param name="FencingToken">The token of its leadership.</param>
public readonly record struct LeaseHolder(string LeaseId, long FencingToken);
