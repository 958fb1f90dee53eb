using LeaderElection.Leases;

namespace LeaderElection.Redis;

/// <summary>What one server says of a claim.</summary>
/// <param name="Reply">Its answer, as far as it alone decides.</param>
/// <param name="IsFresh">
/// It may have forgotten a leader: it has its data for less than a lease. <see cref="ClaimReply.Remaining"/> says how
/// long it will not vote.
/// </param>
internal readonly record struct NodeClaim(ClaimReply Reply, bool IsFresh = false);
