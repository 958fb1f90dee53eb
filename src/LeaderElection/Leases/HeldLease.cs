using System.Runtime.CompilerServices;

namespace LeaderElection.Leases;

/// <summary>The lease of this process at the store, and every leadership that hangs on it: one renewal keeps them all.</summary>
internal sealed class HeldLease
{
    /// <summary>For how long TCP may still deliver what was sent.</summary>
    private static readonly TimeSpan LongestOnTheWay = TimeSpan.FromMinutes(15);

    private readonly Lock _lock = new();
    private readonly LeaseBackend _backend;
    private readonly Dictionary<string, (LeaseClaim Claim, Leadership Leadership)> _held = [];

    /// <summary>By election, what was won last; an earlier one is over.</summary>
    private readonly Dictionary<string, Leadership> _latest = [];

    /// <summary>By claim, what was given back though it may not have arrived, and when.</summary>
    private readonly Dictionary<string, (LeaseClaim Claim, long Since)> _unwanted = [];
    private readonly CancellationTokenSource _retired = new();
    private readonly RenewalLoop _renewals;
    private readonly Func<CancellationToken, ValueTask<RenewReply>> _requestRenewal;
    private LeaseClaim[]? _claims;
    private int _pending;
    private bool _mayBeAtStore;
    private bool _isRenewing;
    private long _sweptAt;

    public HeldLease(LeaseBackend backend)
    {
        _backend = backend;
        _sweptAt = backend.Time.GetTimestamp();
        Clock = backend.CreateLeaseClock();
        _requestRenewal = stop => backend.RenewAsync(Id, Claims(), stop);
        _renewals = new RenewalLoop(backend, Clock, RenewAsync);
        Clock.Lost.UnsafeRegister(static self => ((HeldLease)self!).OnLost(), this);
    }

    /// <summary>Random: no lease is ever mistaken for another's.</summary>
    public string Id { get; } = Guid.NewGuid().ToString("N");

    public LeaseClock Clock { get; }

    /// <summary>Whether nothing more may hang on it.</summary>
    public bool IsRetired => _retired.IsCancellationRequested || Clock.HasEnded;

    /// <summary>Announces a claim under this lease, so that it is not given up meanwhile.</summary>
    public bool TryBegin()
    {
        lock (_lock)
        {
            if (IsRetired)
                return false;
            _pending++;
            return true;
        }
    }

    /// <summary>A claim was not answered: the store may have the lease, though nobody here believes in it.</summary>
    public void IsUncertain() => Volatile.Write(ref _mayBeAtStore, true);

    /// <summary>Ends what <see cref="TryBegin"/> began.</summary>
    public void Finish()
    {
        lock (_lock)
        {
            _pending--;
            if (_pending > 0 || _held.Count > 0 || _retired.IsCancellationRequested)
                return;
            _retired.Cancel();
        }
        if (Clock.IsConfirmed || Volatile.Read(ref _mayBeAtStore))
            EndInBackground([]);
        Clock.Revoke();
    }

    /// <summary>Gives back what a claim won whose outcome is not known, or may win yet, and ends what <see cref="TryBegin"/> began.</summary>
    public async Task GiveBackAsync(LeaseClaim claim)
    {
        try
        {
            await ReleaseAsync(claim).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock) _unwanted[claim.ClaimId] = (claim, _backend.Time.GetTimestamp());
            Finish();
        }
    }

    /// <summary>Takes note of a claim that was won.</summary>
    /// <param name="sent">When it was sent: winning confirms the lease.</param>
    /// <returns>The leadership; <see langword="null"/> when the reply came too late to believe in it.</returns>
    public Leadership? Admit(LeaseClaim claim, LeaderInfo leader, long sent)
    {
        if (!Clock.Confirm(sent) || !Clock.IsValid)
            return null;
        var leadership = new Leadership(
            claim.Election, claim.CandidateId, leader.FencingToken, leader.ElectedAt, Clock, _ => ReleaseAsync(claim, leader.FencingToken),
            _backend.Options.DrainTimeout);
        leadership.WhenEnded((ended, reason) =>
        {
            // What a resignation or the lease's end gives back, they give back themselves.
            if (reason != LeadershipEnd.Superseded)
                return;
            var bound = Clock.Remaining;
            _backend.InBackground(async () =>
            {
                // Those who wait for the lease to run out take this for its end: not before the work has stopped.
                await ended.WaitForWorkAsync(bound).ConfigureAwait(false);
                await ReleaseAsync(claim, leader.FencingToken).ConfigureAwait(false);
            });
        });
        Leadership? earlier;
        lock (_lock)
        {
            if (IsRetired)
                return null;
            _held.Add(claim.ClaimId, (claim, leadership));
            _claims = null;
            if (_latest.TryGetValue(claim.Election, out earlier) && earlier.FencingToken > leader.FencingToken)
                earlier = leadership;
            else
                _latest[claim.Election] = leadership;
            if (!_isRenewing)
            {
                _isRenewing = true;
                _ = _renewals.RunAsync(_retired.Token);
            }
        }
        earlier?.End(LeadershipEnd.Superseded);
        return leadership;
    }

    /// <summary>Renews at once: the store is back.</summary>
    public void RenewSoon() => _renewals.RenewSoon();

    /// <summary>The store named another leader: if that election is held here, it no longer is.</summary>
    public void Supersede(string election, long fencingToken)
    {
        Leadership? latest;
        lock (_lock) _latest.TryGetValue(election, out latest);
        if (latest?.FencingToken < fencingToken)
            latest.End(LeadershipEnd.Superseded);
    }

    /// <summary>Resigns from everything.</summary>
    public async Task ResignAllAsync()
    {
        if (Clock.HasEnded)
            OnLost();
        Leadership[] held;
        lock (_lock) held = [.. _held.Values.Select(h => h.Leadership)];
        await Leadership.ResignAllAsync(held).ConfigureAwait(false);
    }

    private async ValueTask ReleaseAsync(LeaseClaim claim, long fencingToken)
    {
        bool last;
        lock (_lock)
        {
            if (!_held.Remove(claim.ClaimId, out var held))
                return;
            if (_latest.TryGetValue(claim.Election, out var latest) && latest == held.Leadership)
                _latest.Remove(claim.Election);
            _claims = null;
            last = _held.Count == 0 && _pending == 0;
            if (last)
                _retired.Cancel();
        }
        if (last)
            Clock.Revoke();
        await _backend.ReleaseAsync(new LeaseRelease(Id, claim, fencingToken, EndsLease: last)).ConfigureAwait(false);
    }

    /// <summary>Of a claim whose outcome is not known.</summary>
    private ValueTask ReleaseAsync(LeaseClaim claim) => _backend.ReleaseAsync(new LeaseRelease(Id, claim, FencingToken: 0, EndsLease: false));

    private LeaseClaim[] Claims()
    {
        lock (_lock) return _claims ??= [.. _held.Values.Select(h => h.Claim)];
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> RenewAsync()
    {
        var sent = _backend.Time.GetTimestamp();
        var reply = await _backend.RequestAsync(_requestRenewal, RenewalLoop.AttemptOf(Clock)).ConfigureAwait(false);
        if (reply.LeaseGone || !Clock.Confirm(sent))
            return false;
        if (reply.Superseded.Count > 0)
            Supersede(reply.Superseded);
        if (_backend.Time.GetElapsedTime(_sweptAt) >= Clock.Duration)
        {
            _sweptAt = _backend.Time.GetTimestamp();
            Sweep();
        }
        return true;
    }

    /// <summary>
    /// Once per lease: a claim that arrives after it was given back wins an election that would stand still for as long as
    /// this process leads anything else. One look finds those of them all.
    /// </summary>
    private void Sweep()
    {
        LeaseClaim[] unwanted;
        lock (_lock)
        {
            foreach (var (id, (_, since)) in _unwanted)
            {
                if (_backend.Time.GetElapsedTime(since) > LongestOnTheWay)
                    _unwanted.Remove(id);
            }
            if (_unwanted.Count == 0)
                return;
            unwanted = [.. _unwanted.Values.Select(u => u.Claim)];
        }
        _backend.InBackground(async () =>
        {
            string[] elections = [.. unwanted.Select(claim => claim.Election).Distinct()];
            var holders = await _backend.RequestAsync(stop => _backend.LookAsync(elections, stop), _backend.Options.LeaseDuration).ConfigureAwait(false);
            var arrived = elections.Where((election, i) => holders[i] is { } holder && holder.LeaseId == Id && !IsHeld(election, holder.FencingToken)).ToHashSet();
            foreach (var claim in unwanted.Where(claim => arrived.Contains(claim.Election)))
                await ReleaseAsync(claim).ConfigureAwait(false);
        });
    }

    private bool IsHeld(string election, long fencingToken)
    {
        lock (_lock) return _latest.TryGetValue(election, out var latest) && latest.FencingToken == fencingToken;
    }

    private void Supersede(IReadOnlyList<LeaseClaim> claims)
    {
        var superseded = new List<Leadership>();
        lock (_lock)
        {
            foreach (var claim in claims)
            {
                if (_held.TryGetValue(claim.ClaimId, out var held))
                    superseded.Add(held.Leadership);
            }
        }
        Leadership.EndAll(superseded, LeadershipEnd.Superseded);
    }

    private void OnLost()
    {
        Leadership[] ended;
        lock (_lock)
        {
            if (_retired.IsCancellationRequested)
                return;
            _retired.Cancel();
            ended = [.. _held.Values.Select(h => h.Leadership)];
            _held.Clear();
            _latest.Clear();
        }
        // The store would drop it by itself, but later.
        EndInBackground(ended);
    }

    private void EndInBackground(Leadership[] ended)
    {
        var bound = Clock.UntilDeadline;
        _backend.InBackground(async () =>
        {
            // A lease that was lost before its time: who hears of its end may lead at once, so not before the work has stopped.
            await Task.WhenAll(ended.Select(l => l.WaitForWorkAsync(bound))).ConfigureAwait(false);
            await _backend.ReleaseAsync(new LeaseRelease(Id, null, 0, EndsLease: true)).ConfigureAwait(false);
        });
    }
}
