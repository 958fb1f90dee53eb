using LeaderElection.Leases;

namespace LeaderElection.Redis;

/// <summary>The names of what is kept, under the prefix of the options.</summary>
internal sealed class RedisKeys(string prefix)
{
    public string LeasePrefix { get; } = prefix + ":lease:";

    public string Channel { get; } = prefix + ":events";

    /// <summary>Since when the server has its data: one that was emptied has forgotten it.</summary>
    public string Since { get; } = prefix + ":since";

    public string Election(string election) => $"{prefix}:election:{election}";

    public string Token(string election) => $"{prefix}:token:{election}";

    public string Lease(string leaseId) => LeasePrefix + leaseId;

    /// <summary>What the election's key holds while the claim leads.</summary>
    public static string Entry(LeaseClaim claim, LeaderInfo leader) =>
        $"{claim.LeaseId} {claim.ClaimId} {leader.FencingToken} {leader.ElectedAt.ToUnixTimeMilliseconds()} {claim.CandidateId}";
}
