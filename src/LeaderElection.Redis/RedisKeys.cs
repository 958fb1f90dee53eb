using System.Globalization;
using LeaderElection.Leases;

namespace LeaderElection.Redis;

/// <summary>The names of what is kept, under the prefix of the options.</summary>
/// <param name="prefix">What all of them begin with.</param>
/// <param name="database">The database of the connection: messages, other than keys, reach all databases of a server.</param>
internal sealed class RedisKeys(string prefix, int database = 0)
{
    public string Channel { get; } = database == 0 ? prefix + ":events" : FormattableString.Invariant($"{prefix}:events:{database}");

    /// <summary>The server's run that is known to have its data, and since when: one that was emptied or restarted may have forgotten a leader.</summary>
    public string Since { get; } = prefix + ":since";

    public string Election(string election) => $"{prefix}:election:{election}";

    public string Token(string election) => $"{prefix}:token:{election}";

    public string Lease(string leaseId) => $"{prefix}:lease:{leaseId}";

    /// <summary>What the election's key holds while the claim leads.</summary>
    public static string Entry(LeaseClaim claim, LeaderInfo leader) =>
        $"{claim.LeaseId} {claim.ClaimId} {leader.FencingToken} {leader.ElectedAt.ToUnixTimeMilliseconds()} {claim.CandidateId}";

    /// <summary>Whom an election's key names; <see langword="null"/> for nobody.</summary>
    public static LeaseHolder? Holder(string? entry) =>
        entry?.Split(' ') is [var lease, _, var token, _, _] && long.TryParse(token, CultureInfo.InvariantCulture, out var number)
            ? new LeaseHolder(lease, number)
            : null;
}
