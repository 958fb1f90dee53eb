using LeaderElection.Leases;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaderElection.Rehearsing;

/// <summary>A process's share in a store in memory on which strategies are rehearsed whose leaders hold a lease: one election, no faults.</summary>
internal sealed class LeaseStage : LeaseBackend
{
    private readonly Store _store;

    private LeaseStage(Store store) : base(Rehearsal.Strategy, Rehearsal.Options, null, NullLogger.Instance)
    {
        _store = store;
        store.News += (claim, token) =>
        {
            if (token > 0)
                OnElected(claim.Election, token);
            else
                OnChanged(claim.Election);
        };
        store.Renewed += lease => OnLeaseAlive(lease);
    }

    public static (StoreBackend First, StoreBackend Second) CreatePair()
    {
        var store = new Store();
        return (new LeaseStage(store), new LeaseStage(store));
    }

    protected internal override async ValueTask<ClaimReply> ClaimAsync(LeaseClaim claim, CancellationToken cancellationToken)
    {
        // As an answer over the network would come.
        await Task.Yield();
        return _store.Claim(claim, new LeaderInfo(claim.CandidateId, 0, Time.GetUtcNow()));
    }

    protected internal override async ValueTask<RenewReply> RenewAsync(string leaseId, IReadOnlyList<LeaseClaim> held, CancellationToken cancellationToken)
    {
        await Task.Yield();
        _store.Renew(leaseId);
        return RenewReply.Renewed;
    }

    protected internal override async ValueTask GiveBackAsync(LeaseRelease release, CancellationToken cancellationToken)
    {
        await Task.Yield();
        _store.GiveBack(release);
    }

    protected internal override async ValueTask<LeaseRecord?> ReadAsync(string election, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return _store.Leader;
    }

    protected override ValueTask PingStoreAsync(CancellationToken cancellationToken) => default;

    protected override ValueTask CloseAsync() => default;

    private sealed class Store
    {
        private readonly Lock _lock = new();
        private LeaseRecord? _leader;
        private long _token;

        /// <summary>An election changed; with its token, or 0 when it was given back.</summary>
        public event Action<LeaseClaim, long>? News;

        public event Action<string>? Renewed;

        public LeaseRecord? Leader
        {
            get { lock (_lock) return _leader; }
        }

        public ClaimReply Claim(LeaseClaim claim, LeaderInfo claimant)
        {
            LeaderInfo leader;
            lock (_lock)
            {
                if (_leader is { } held)
                    return ClaimReply.Held(held);
                leader = claimant with { FencingToken = ++_token };
                _leader = new LeaseRecord(leader, claim.LeaseId, claim.LongestLease);
            }
            News?.Invoke(claim, leader.FencingToken);
            return ClaimReply.Won(leader);
        }

        public void Renew(string leaseId) => Renewed?.Invoke(leaseId);

        public void GiveBack(LeaseRelease release)
        {
            lock (_lock)
            {
                if (_leader?.LeaseId != release.LeaseId)
                    return;
                _leader = null;
            }
            if (release.Claim is { } claim)
                News?.Invoke(claim, 0);
        }
    }
}
