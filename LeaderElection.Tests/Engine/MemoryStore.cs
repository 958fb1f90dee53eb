using LeaderElection.Leases;

namespace LeaderElection.Tests.Engine;

/// <summary>Leases in memory, for tests of the engine that all lease strategies share: it says nothing about any store.</summary>
/// <param name="time">By which leases run out.</param>
internal sealed class MemoryStore(TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (LeaseClaim Claim, LeaderInfo Leader)> _held = [];
    private readonly Dictionary<string, (long Since, TimeSpan Duration)> _leases = [];
    private readonly List<MemoryBackend> _backends = [];
    private long _token;
    private int _renewals;

    public int Renewals => Volatile.Read(ref _renewals);

    public void Add(MemoryBackend backend)
    {
        lock (_lock) _backends.Add(backend);
    }

    public ClaimReply Claim(LeaseClaim claim, TimeSpan duration)
    {
        lock (_lock)
        {
            if (claim.LeaseMustExist && !Lives(claim.LeaseId))
                return ClaimReply.LeaseGone;
            if (_held.TryGetValue(claim.Election, out var held) && !IsSame(held.Claim, claim) && Left(held.Claim.LeaseId) is { Ticks: > 0 } left)
                return ClaimReply.Held(new LeaseRecord(held.Leader, held.Claim.LeaseId, left));
            _leases[claim.LeaseId] = (_time.GetTimestamp(), duration);
            if (held.Claim is null || !IsSame(held.Claim, claim))
                _held[claim.Election] = held = (claim, new LeaderInfo(claim.CandidateId, ++_token, DateTimeOffset.UnixEpoch));
            return ClaimReply.Won(held.Leader);
        }
    }

    public RenewReply Renew(string leaseId, IReadOnlyList<LeaseClaim> claims, TimeSpan duration)
    {
        MemoryBackend[] backends;
        RenewReply reply;
        lock (_lock)
        {
            if (!Lives(leaseId))
                return RenewReply.Gone;
            _leases[leaseId] = (_time.GetTimestamp(), duration);
            reply = new RenewReply(false, [.. claims.Where(c => !_held.TryGetValue(c.Election, out var held) || held.Claim.ClaimId != c.ClaimId)]);
            backends = [.. _backends];
        }
        Interlocked.Increment(ref _renewals);
        foreach (var backend in backends)
            backend.Alive(leaseId);
        return reply;
    }

    public void GiveBack(LeaseRelease release)
    {
        MemoryBackend[] backends;
        lock (_lock)
        {
            var isHeld = release.Claim is { } claim && _held.TryGetValue(claim.Election, out var held) && IsSame(held.Claim, claim);
            if (isHeld)
                _held.Remove(release.Claim!.Election);
            if (release.EndsLease)
                _leases.Remove(release.LeaseId);
            // What was taken away before, nobody hears of now either.
            backends = isHeld || release.Claim is null ? [.. _backends] : [];
        }
        foreach (var backend in backends)
            backend.Ended(release);
    }

    /// <summary>Takes an election from its leader, with nobody hearing of it.</summary>
    public void LoseEntry(string election)
    {
        lock (_lock) _held.Remove(election);
    }

    public LeaseRecord? Read(string election)
    {
        lock (_lock)
        {
            return _held.TryGetValue(election, out var held) && Left(held.Claim.LeaseId) is { Ticks: > 0 } left
                ? new LeaseRecord(held.Leader, held.Claim.LeaseId, left)
                : null;
        }
    }

    private static bool IsSame(LeaseClaim held, LeaseClaim claim) => held.ClaimId == claim.ClaimId && held.LeaseId == claim.LeaseId;

    private bool Lives(string leaseId) => Left(leaseId) > TimeSpan.Zero;

    private TimeSpan Left(string leaseId) =>
        _leases.TryGetValue(leaseId, out var lease) ? lease.Duration - _time.GetElapsedTime(lease.Since) : TimeSpan.Zero;
}
