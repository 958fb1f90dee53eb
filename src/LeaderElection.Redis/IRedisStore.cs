using LeaderElection.Leases;

namespace LeaderElection.Redis;

/// <summary>Where elections are kept: on one server, or on the majority of several.</summary>
internal interface IRedisStore : IAsyncDisposable
{
    Task<ClaimReply> ClaimAsync(LeaseClaim claim, CancellationToken cancellationToken);

    Task<RenewReply> RenewAsync(string leaseId, IReadOnlyList<LeaseClaim> held, CancellationToken cancellationToken);

    Task GiveBackAsync(LeaseRelease release, CancellationToken cancellationToken);

    Task<LeaseRecord?> ReadAsync(string election, CancellationToken cancellationToken);

    Task<IReadOnlyList<LeaseHolder?>> LookAsync(IReadOnlyList<string> elections, CancellationToken cancellationToken);

    Task PingAsync(CancellationToken cancellationToken);
}
