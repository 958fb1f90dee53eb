namespace LeaderElection.Leases;

/// <summary>What is given back to the store.</summary>
/// <param name="LeaseId">The lease of this process.</param>
/// <param name="Claim">The election to give back; <see langword="null"/> when only the lease ends.</param>
/// <param name="FencingToken">The token of that leadership; 0 when it is not known whether the claim was won.</param>
/// <param name="EndsLease">Whether nothing else hangs on the lease, so that it can be ended too.</param>
public sealed record LeaseRelease(string LeaseId, LeaseClaim? Claim, long FencingToken, bool EndsLease);
