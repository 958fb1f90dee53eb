using System.Globalization;
using LeaderElection.Leases;

namespace LeaderElection.Redis;

/// <summary>What this process has at several servers, by the id of the campaign.</summary>
/// <remarks>
/// Each attempt of a campaign has an id of its own at the servers, so that what is still given back of an earlier one
/// cannot undo a later one. Only what was won is kept: <see cref="State.Leading"/> from then on, and
/// <see cref="State.Leaving"/> until all servers have been told of the end, or it has no meaning any more.
/// </remarks>
internal sealed class MajorityLedger
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = [];
    private long _attempts;

    private enum State
    {
        /// <summary>Renewals confirm it, and enter it where it is missing.</summary>
        Leading,

        /// <summary>No renewal enters it again; it is being given back.</summary>
        Leaving,
    }

    /// <summary>How many campaigns are known.</summary>
    public int Count
    {
        get { lock (_lock) return _entries.Count; }
    }

    /// <summary>The claim as it is put to the servers: the attempt that was won under this lease, if the caller has not heard of it, else a new one.</summary>
    public LeaseClaim Attempt(LeaseClaim claim)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault(claim.ClaimId) is { State: State.Leading } won && won.Attempt.LeaseId == claim.LeaseId
                ? claim with { ClaimId = won.Attempt.ClaimId }
                : claim with { ClaimId = string.Create(CultureInfo.InvariantCulture, $"{claim.ClaimId}.{++_attempts}") };
        }
    }

    /// <summary>The attempt was won.</summary>
    public void Lead(string campaign, LeaseClaim attempt, LeaderInfo leader)
    {
        lock (_lock) _entries[campaign] = new Entry(State.Leading, attempt, leader);
    }

    /// <summary>What the campaign leads with; <see langword="null"/> when it does not.</summary>
    public (LeaseClaim Attempt, LeaderInfo Leader)? Leading(string campaign)
    {
        lock (_lock)
            return _entries.GetValueOrDefault(campaign) is { State: State.Leading } entry ? (entry.Attempt, entry.Leader) : null;
    }

    /// <summary>The campaign is to be given back.</summary>
    /// <param name="campaign">The campaign.</param>
    /// <param name="isFirst">Whether that is new.</param>
    /// <returns>What the servers know it by; <see langword="null"/> when it has nothing there.</returns>
    public LeaseClaim? Leave(string campaign, out bool isFirst)
    {
        lock (_lock)
        {
            isFirst = false;
            if (_entries.GetValueOrDefault(campaign) is not { } entry)
                return null;
            isFirst = entry.State == State.Leading;
            _entries[campaign] = entry with { State = State.Leaving };
            return entry.Attempt;
        }
    }

    /// <summary>There is nothing left of the attempt.</summary>
    public void Forget(string campaign, LeaseClaim attempt)
    {
        lock (_lock)
        {
            if (_entries.GetValueOrDefault(campaign)?.Attempt.ClaimId == attempt.ClaimId)
                _entries.Remove(campaign);
        }
    }

    /// <summary>The lease is over, and all that hangs on it.</summary>
    public void ForgetLease(string leaseId)
    {
        lock (_lock)
        {
            foreach (var (campaign, _) in _entries.Where(e => e.Value.Attempt.LeaseId == leaseId).ToArray())
                _entries.Remove(campaign);
        }
    }

    private sealed record Entry(State State, LeaseClaim Attempt, LeaderInfo Leader);
}
