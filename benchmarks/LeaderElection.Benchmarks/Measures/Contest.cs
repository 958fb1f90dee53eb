using System.Threading.Channels;
using LeaderElection.Benchmarks.Candidates;
using LeaderElection.Benchmarks.Peers;
using LeaderElection.Benchmarks.Stores;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>One election with candidates of one implementation, of which one leads.</summary>
internal sealed class Contest : IAsyncDisposable
{
    /// <summary>So many processes are started side by side; the members of a raft cluster, of which there are at most nine, all have to be.</summary>
    private const int AtOnce = 10;

    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    private readonly Contender _contender;
    private readonly Store _store;
    private readonly Channel<CandidateEvent> _events = Channel.CreateUnbounded<CandidateEvent>();
    private readonly List<MeasuredCandidate> _candidates = [];
    private readonly TimeSpan _lease;
    private readonly CancellationToken _stop;
    private MeasuredCandidate _leader = null!;
    private readonly HashSet<MeasuredCandidate> _lost = [];
    private MeasuredCandidate? _resigned;
    private MeasuredCandidate? _failed;

    private Contest(Contender contender, Store store, TimeSpan lease, CancellationToken stop)
    {
        _contender = contender;
        _store = store;
        _lease = lease;
        _stop = stop;
    }

    public Contender Contender => _contender;

    /// <summary>How often leadership moved although nobody made it.</summary>
    public int SpuriousMoves { get; private set; }

    /// <summary>Starts the candidates; returns when one leads and the others wait.</summary>
    public static async Task<Contest> StartAsync(Contender contender, Store store, string election, int count, TimeSpan lease, CancellationToken stop)
    {
        var contest = new Contest(contender, store, lease, stop);
        try
        {
            foreach (var seats in store.Seats(election, count, lease).Chunk(AtOnce))
                await Task.WhenAll([.. seats.Select(seat => contest.Start(seat).Ready)]).WaitAsync(StartLimit, TimeProvider.System, stop);
            await contest.LeaderAsync(null, needsResign: false);
            await Task.Delay(Settle, TimeProvider.System, stop);
            return contest;
        }
        catch
        {
            await contest.DisposeAsync();
            throw;
        }
    }

    /// <summary>The leader hands over.</summary>
    /// <returns>From just before it released to the moment when another leads, in ms.</returns>
    public async Task<double> HandOverAsync()
    {
        while (true)
        {
            await NextMomentAsync(TimeSpan.FromSeconds(0.4));
            var old = _leader;
            await old.SendAsync("resign");
            var (elected, resigned) = await LeaderAsync(old, needsResign: true);
            if (resigned is not null)
            {
                _resigned = old;
                return (elected - resigned.Value) / 1e6;
            }
            // It lost its leadership at that very moment: that round tells nothing.
        }
    }

    /// <summary>The one that handed over campaigns again.</summary>
    public async Task RejoinAsync()
    {
        await Task.Delay(2 * Settle, TimeProvider.System, _stop);
        await _resigned!.SendAsync("campaign");
    }

    /// <summary>The leader is killed or frozen, and another leads. Until <see cref="ReplaceAsync"/> there is one candidate less.</summary>
    /// <param name="isFrozen">SIGSTOP, not SIGKILL.</param>
    /// <param name="probe">Where the end of the dead leader's lease can be seen.</param>
    public async Task<Failure> FailAsync(bool isFrozen, RedisLeaseProbe? probe)
    {
        await NextMomentAsync(_lease / 3);
        var old = _leader;
        var key = probe is null ? "" : await probe.KeyAsync(old.Seat.Election, _contender.IsOurs);
        var at = Protocol.Now;
        if (isFrozen)
            old.Process.Freeze();
        else
            old.Process.Kill();
        long? leaseEnds = probe is null ? null : await probe.LeaseEndAsync(key);
        var (elected, _) = await LeaderAsync(old, needsResign: false);
        _failed = old;
        return new Failure((elected - at) / 1e6, (elected - leaseEnds) / 1e6);
    }

    /// <summary>A new process takes the place of the one that failed.</summary>
    public async Task ReplaceAsync()
    {
        _candidates.Remove(_failed!);
        await _failed!.DisposeAsync();
        await Start(_store.Another(_failed.Seat)).Ready.WaitAsync(StartLimit, TimeProvider.System, _stop);
        await Task.Delay(Settle, TimeProvider.System, _stop);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var candidate in _candidates)
            await candidate.DisposeAsync();
    }

    private MeasuredCandidate Start(Seat seat)
    {
        var candidate = new MeasuredCandidate(_contender.Start(seat), seat, _events.Writer);
        _candidates.Add(candidate);
        return candidate;
    }

    /// <summary>A moment at random, so that rounds meet renewals at every phase.</summary>
    private async Task NextMomentAsync(TimeSpan within)
    {
        await Task.Delay(TimeSpan.FromSeconds(0.3) + (within * Random.Shared.NextDouble()), TimeProvider.System, _stop);
        while (_events.Reader.TryRead(out var happened))
        {
            if (happened.What == "LOST")
                await LostAsync(happened.Candidate);
            else if (happened.What == "LEADER")
                Leads(happened.Candidate);
        }
        if (_lost.Contains(_leader))
            await LeaderAsync(null, needsResign: false);
    }

    private void Leads(MeasuredCandidate candidate)
    {
        _lost.Remove(candidate);
        _leader = candidate;
    }

    /// <summary>A leader that lost its leadership while it lived campaigns again, as any replica would.</summary>
    private Task LostAsync(MeasuredCandidate candidate)
    {
        SpuriousMoves++;
        _lost.Add(candidate);
        return candidate.SendAsync("campaign");
    }

    /// <summary>Waits until somebody else than <paramref name="old"/> leads. The lines of two processes may come in any order.</summary>
    private async Task<(long ElectedAt, long? ResignedAt)> LeaderAsync(MeasuredCandidate? old, bool needsResign)
    {
        var limit = StartLimit + (3 * _lease);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(_stop);
        await using var timer = TimeProvider.System.CreateTimer(_ => late.Cancel(), null, limit, Timeout.InfiniteTimeSpan);
        long? elected = null;
        long? resigned = null;
        var isVoid = false;
        try
        {
            while (elected is null || (needsResign && resigned is null && !isVoid))
            {
                var happened = await _events.Reader.ReadAsync(late.Token);
                if (happened.What == "RESIGN")
                {
                    resigned = happened.At;
                }
                else if (happened.What == "LOST")
                {
                    await LostAsync(happened.Candidate);
                    isVoid |= happened.Candidate == old;
                    if (happened.Candidate == _leader)
                        elected = null;
                }
                else if (happened.What == "LEADER" && (happened.Candidate != old || isVoid))
                {
                    Leads(happened.Candidate);
                    elected = happened.At;
                }
            }
            return (elected.Value, isVoid ? null : resigned);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            throw new MeasureException($"{_contender.Name}: nobody led within {limit.TotalSeconds:0} s. {string.Join(' ', _candidates.Select(c => c.Process.Describe()))}");
        }
    }
}
