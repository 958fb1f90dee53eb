using LeaderElection.Leases;

namespace LeaderElection.Redis;

/// <summary>
/// Several independent servers, of which a majority decides: any two majorities share a server, so a leader is safe
/// while fewer than half of them fail, forget, have clocks that jump, or cannot be reached.
/// </summary>
/// <remarks>
/// <para>Source: "Distributed Locks with Redis" (redis.io, "The Redlock algorithm"), with the objections of M. Kleppmann,
/// "How to do distributed locking" (2016), taken in: validity is counted by the lease clock, from before the first
/// request; there are fencing tokens; and a server that may have forgotten a leader, because it is new, was emptied or was
/// restarted, does not vote for one lease, which stands for Redlock's delayed restart. Nor does one for an election whose
/// entry is missing; as each counts that by itself, from when it had no leader, no candidate has to be believed that it has
/// waited.</para>
/// <para><em>Votes.</em> A server gives its vote to one claimant at a time. It is no leadership yet: readers do not see it,
/// it ends with the claimant's lease, and who has no majority gives it back. Who has one makes it a leadership on a
/// majority before it believes, and enters itself on the others at once, so that one server's loss is not enough for
/// another majority.</para>
/// <para><em>Tokens.</em> Every server counts its own. The claimant takes the highest that its majority drew, and has a
/// majority count on from there before it leads. The next one's majority shares a server with that, so it draws a higher.</para>
/// <para><em>Renewal.</em> A leadership is confirmed by the servers that renewed the lease and still name the claim. On
/// servers that were away, or emptied, both are entered again unless one who was elected later is named there.</para>
/// </remarks>
internal sealed class RedisMajority : IRedisStore
{
    private const int AdoptedAtOnce = 1000;
    private const int LeasesOfGivingBack = 5;

    /// <summary>More claims at once would only wait for each other at the servers, until all are late.</summary>
    private const int ClaimsAtOnce = 32;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);

    private readonly TimeSpan _leaseDuration;
    private readonly TimeProvider _time;

    /// <summary>A server that does not answer in this time is not waited for: the others may be a majority.</summary>
    private readonly TimeSpan _patience;
    private readonly Voter[] _voters;
    private readonly MajorityLedger _ledger = new();
    private readonly Errands _errands = new();
    private readonly SemaphoreSlim _claims = new(ClaimsAtOnce);

    public RedisMajority(IReadOnlyList<RedisNode> nodes, TimeSpan leaseDuration, TimeProvider time, Action<string> warn)
    {
        _leaseDuration = leaseDuration;
        _time = time;
        _patience = TimeSpan.FromTicks(Math.Clamp(leaseDuration.Ticks / 10, TimeSpan.FromMilliseconds(50).Ticks, TimeSpan.FromSeconds(2).Ticks));
        _voters = [.. nodes.Select(node => new Voter(node, _patience, $"{(nodes.Count / 2) + 1} of {nodes.Count} servers are needed", time, warn))];
    }

    /// <summary>How much is kept of what was won.</summary>
    internal int Kept => _ledger.Count;

    private int Majority => (_voters.Length / 2) + 1;

    public async Task<ClaimReply> ClaimAsync(LeaseClaim claim, CancellationToken cancellationToken)
    {
        var longest = TimeSpan.FromMilliseconds(50);
        while (true)
        {
            await _claims.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (await TryClaimAsync(claim, cancellationToken).ConfigureAwait(false) is { } decided)
                    return decided;
            }
            finally
            {
                _claims.Release();
            }
            // Claimants that took the votes from each other come again at different moments; further apart where servers are slow.
            await Task.Delay(longest * (0.1 + (0.9 * Random.Shared.NextDouble())), _time, cancellationToken).ConfigureAwait(false);
            longest = longest < _patience ? longest * 2 : longest;
        }
    }

    public async Task<RenewReply> RenewAsync(string leaseId, IReadOnlyList<LeaseClaim> held, CancellationToken cancellationToken)
    {
        var leading = held.Select(claim => _ledger.Leading(claim.ClaimId)).ToArray();
        LeaseClaim[] attempts = [.. held.Zip(leading, (claim, own) => own?.Attempt ?? claim)];
        var asked = Ask((node, stop) => RenewAsync(node, leaseId, attempts, leading, stop), cancellationToken);
        var answers = await UntilAsync(asked, got => got.Count(a => a.Answer.Count == 0) >= Majority).ConfigureAwait(false);
        if (answers.Count < Majority)
            throw NoMajority(asked);
        if (answers.Count(a => a.Answer.Count == 0) >= Majority)
            return RenewReply.Renewed;
        int[] superseded = [.. answers.SelectMany(a => a.Answer).GroupBy(i => i).Where(i => answers.Count - i.Count() < Majority).Select(i => i.Key)];
        return superseded is [] ? RenewReply.Renewed : new RenewReply(false, [.. superseded.Select(i => held[i])]);
    }

    public async Task GiveBackAsync(LeaseRelease release, CancellationToken cancellationToken)
    {
        if (release.Claim is not { ClaimId: var campaign })
        {
            _ledger.ForgetLease(release.LeaseId);
            await TellAsync(release, static () => { }, cancellationToken).ConfigureAwait(false);
        }
        else if (_ledger.Leave(campaign, out var isFirst) is { } attempt)
        {
            release = release with { Claim = attempt };
            // The servers are being told already where this is tried again.
            await (isFirst
                ? TellAsync(release, () => _ledger.Forget(campaign, attempt), cancellationToken)
                : DoAsync((node, stop) => node.GiveBackAsync(release, stop), cancellationToken)).ConfigureAwait(false);
        }
        else if (release.EndsLease)
        {
            // An attempt that did not win has given its votes back.
            await TellAsync(release, static () => { }, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<LeaseRecord?> ReadAsync(string election, CancellationToken cancellationToken)
    {
        var asked = Ask((node, stop) => node.ReadAsync(election, stop), cancellationToken);
        var answers = await UntilAsync(asked, got => got.Count(a => a.Answer is null) >= Majority || Leader(got) is not null).ConfigureAwait(false);
        return answers.Count < Majority ? throw NoMajority(asked) : Leader(answers);

        LeaseRecord? Leader(IReadOnlyList<(Voter, LeaseRecord? Answer)> got) => got
            .Where(a => a.Answer is not null).GroupBy(a => (a.Answer!.LeaseId, a.Answer.Leader.FencingToken))
            .FirstOrDefault(same => same.Count() >= Majority)?.MaxBy(a => a.Answer!.Remaining).Answer;
    }

    public async Task<IReadOnlyList<LeaseHolder?>> LookAsync(IReadOnlyList<string> elections, CancellationToken cancellationToken)
    {
        var asked = Ask((node, stop) => node.LookAsync(elections, stop), cancellationToken);
        var answers = await UntilAsync(asked, got => got.Count == _voters.Length).ConfigureAwait(false);
        if (answers.Count < Majority)
            throw NoMajority(asked);
        return [.. elections.Select((_, i) => answers.GroupBy(a => a.Answer[i]).FirstOrDefault(same => same.Count() >= Majority)?.Key)];
    }

    public Task PingAsync(CancellationToken cancellationToken) => DoAsync((node, stop) => node.PingAsync(stop), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _errands.EndAsync().ConfigureAwait(false);
        foreach (var voter in _voters)
            await voter.DisposeAsync().ConfigureAwait(false);
    }

    private static int Count(IReadOnlyList<(Voter, NodeClaim Answer)> answers, ClaimAnswer answer) =>
        answers.Count(a => a.Answer.Reply.Answer == answer);

    /// <summary>Whom most servers name, and how many do.</summary>
    private static (LeaseRecord Record, int Servers)? Holder(IReadOnlyList<(Voter, NodeClaim Answer)> answers)
    {
        var named = answers.Select(a => a.Answer.Reply).Where(r => r.Answer == ClaimAnswer.Held)
            .GroupBy(r => r.LeaseId!).MaxBy(same => same.Count());
        return named is null
            ? null
            : (new LeaseRecord(named.MaxBy(r => r.Leader!.FencingToken).Leader!, named.Key, named.Max(r => r.Remaining)), named.Count());
    }

    /// <summary>Claims once.</summary>
    /// <returns><see langword="null"/> when nobody has a majority: the claim is to be made again.</returns>
    private async Task<ClaimReply?> TryClaimAsync(LeaseClaim claim, CancellationToken cancellationToken)
    {
        var attempt = _ledger.Attempt(claim);
        var asked = Ask((node, stop) => node.VoteAsync(attempt, stop), cancellationToken);
        var answers = await UntilAsync(
            asked, got => Count(got, ClaimAnswer.Won) >= Majority || Holder(got)?.Servers >= Majority).ConfigureAwait(false);
        var hasMajority = Count(answers, ClaimAnswer.Won) >= Majority;
        if (hasMajority && await AgreeAsync(attempt, answers, cancellationToken).ConfigureAwait(false) is var (leader, agreed))
        {
            _ledger.Lead(claim.ClaimId, attempt, leader);
            foreach (var voter in _voters.Except(agreed))
                _errands.Run(stop => EnterAsync(voter, claim.ClaimId, stop));
            return ClaimReply.Won(leader);
        }

        // The votes of a minority are in others' way. Nobody follows whom a minority named: those that found its votes come
        // again by themselves, or wait for what else was in their way, and one that is told would only take the votes anew.
        foreach (var (voter, answer) in asked)
            _errands.Run(stop => GiveBackVoteAsync(voter, answer, attempt, isSilent: !hasMajority, stop));
        return answers.Count < Majority ? throw NoMajority(asked) : Decide(answers);
    }

    /// <summary>What the servers say together to a claim that was not won; <see langword="null"/> when it is to be made again.</summary>
    private ClaimReply? Decide(IReadOnlyList<(Voter, NodeClaim Answer)> answers)
    {
        var votes = Count(answers, ClaimAnswer.Won);
        var holder = Holder(answers);
        if (holder?.Servers >= Majority)
            return ClaimReply.Held(holder.Value.Record);
        if (Count(answers, ClaimAnswer.LeaseGone) > _voters.Length - Majority)
            return ClaimReply.LeaseGone;
        foreach (var (voter, answer) in answers.Where(a => a.Answer.IsFresh))
            voter.OnFresh(answer.Reply.Remaining);
        // Claimants took the votes from each other: one of them can win at once.
        if (votes + Count(answers, ClaimAnswer.Held) >= Majority)
            return null;
        // Until enough of those that do not vote now have the time behind them that they know must pass.
        TimeSpan[] waits = [.. answers.Select(a => a.Answer.Reply).Where(r => r.Answer == ClaimAnswer.Wait).Select(r => r.Remaining).Order()];
        if (votes + waits.Length >= Majority)
            return ClaimReply.Wait(waits[Majority - votes - 1]);
        return waits.Length > 0 && holder is { Record.Remaining: var remaining } ? ClaimReply.Wait(remaining) : null;
    }

    /// <summary>Agrees on a token with a majority of the servers that voted.</summary>
    private async Task<(LeaderInfo Leader, IEnumerable<Voter> Agreed)?> AgreeAsync(
        LeaseClaim attempt, IReadOnlyList<(Voter Voter, NodeClaim Answer)> answers, CancellationToken cancellationToken)
    {
        var votes = answers.Where(a => a.Answer.Reply.Answer == ClaimAnswer.Won).ToArray();
        var leader = votes.Select(v => v.Answer.Reply.Leader!).MaxBy(l => l.FencingToken)!;
        var answered = await UntilAsync(
            Ask((node, stop) => node.RaiseAsync(attempt, leader, stop), cancellationToken, [.. votes.Select(v => v.Voter)]),
            got => got.Count(a => a.Answer) >= Majority).ConfigureAwait(false);
        var agreed = answered.Where(a => a.Answer).Select(a => a.Voter).ToArray();
        return agreed.Length >= Majority ? (leader, agreed) : null;
    }

    /// <summary>Enters a leadership on a server that was not of its majority, as soon as that has no other's vote any more.</summary>
    private async Task EnterAsync(Voter voter, string campaign, CancellationToken end)
    {
        var (start, pause) = (_time.GetTimestamp(), FirstPause);
        // After a lease, and where the server is in trouble, it is for the renewals.
        while (_ledger.Leading(campaign) is { } own && _time.GetElapsedTime(start) < _leaseDuration)
        {
            try
            {
                if (await voter.AskAsync((node, stop) => node.AdoptAsync(own.Attempt.LeaseId, [own], stop), CancellationToken.None).ConfigureAwait(false) is [])
                    return;
            }
            catch (ElectionStoreException)
            {
                return;
            }
            await Task.Delay(pause, _time, end).ConfigureAwait(false);
            pause = Longer(pause);
        }
    }

    /// <returns>The positions of the claims that another has there.</returns>
    private async Task<IReadOnlyList<int>> RenewAsync(
        RedisNode node, string leaseId, LeaseClaim[] attempts, (LeaseClaim Attempt, LeaderInfo Leader)?[] leading, CancellationToken cancellationToken)
    {
        var reply = await node.RenewAsync(leaseId, attempts, cancellationToken).ConfigureAwait(false);
        var unconfirmed = reply.LeaseGone ? attempts.ToHashSet() : reply.Superseded.ToHashSet();
        var taken = new List<int>();
        int[] missing = [.. Enumerable.Range(0, attempts.Length).Where(i => unconfirmed.Contains(attempts[i]) && leading[i] is not null)];
        foreach (var some in missing.Chunk(AdoptedAtOnce))
        {
            var elsewhere = await node.AdoptAsync(leaseId, [.. some.Select(i => leading[i]!.Value)], cancellationToken).ConfigureAwait(false);
            taken.AddRange(elsewhere.Select(i => some[i]));
        }
        return taken;
    }

    /// <summary>Gives back what a server may have voted, also when its answer was lost.</summary>
    private async Task GiveBackVoteAsync(Voter voter, Task<NodeClaim> answer, LeaseClaim attempt, bool isSilent, CancellationToken end)
    {
        try
        {
            if ((await answer.ConfigureAwait(false)).Reply.Answer != ClaimAnswer.Won)
                return;
        }
        catch (ElectionStoreException)
        {
            // It may have.
        }
        var release = new LeaseRelease(attempt.LeaseId, attempt, FencingToken: 0, EndsLease: false);
        await UntilDoneAsync(voter, (node, stop) => node.GiveBackAsync(release, isSilent, stop), new TaskCompletionSource<bool>(), end).ConfigureAwait(false);
    }

    /// <summary>Tells all servers; those that do not hear now are told later, for as long as it matters.</summary>
    /// <exception cref="ElectionStoreException">A majority did not hear now.</exception>
    private async Task TellAsync(LeaseRelease release, Action whenAllAreTold, CancellationToken cancellationToken)
    {
        var asked = _voters.Select(voter => (Voter: voter, First: new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously))).ToArray();
        var isStarted = _errands.Run(async end =>
        {
            try
            {
                await Task.WhenAll(asked.Select(a => UntilDoneAsync(a.Voter, (node, stop) => node.GiveBackAsync(release, stop), a.First, end))).ConfigureAwait(false);
            }
            finally
            {
                foreach (var (_, first) in asked)
                    first.TrySetCanceled(end);
                whenAllAreTold();
            }
        });
        ObjectDisposedException.ThrowIf(!isStarted, this);
        var firsts = asked.Select(a => (a.Voter, a.First.Task.Observed())).ToArray();
        var answers = await UntilAsync(firsts, got => got.Count >= Majority).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (answers.Count < Majority)
            throw NoMajority(firsts);
    }

    /// <summary>Does something on a server until it succeeds, for some leases.</summary>
    /// <param name="voter">The server.</param>
    /// <param name="request">What to do.</param>
    /// <param name="first">Told of the first try.</param>
    /// <param name="end">Calls off the next try, not the one that is under way.</param>
    private async Task UntilDoneAsync(Voter voter, Func<RedisNode, CancellationToken, Task> request, TaskCompletionSource<bool> first, CancellationToken end)
    {
        var (start, pause) = (_time.GetTimestamp(), FirstPause);
        while (_time.GetElapsedTime(start) < _leaseDuration * LeasesOfGivingBack)
        {
            try
            {
                await voter.AskAsync(Done(request), CancellationToken.None).ConfigureAwait(false);
                first.TrySetResult(true);
                return;
            }
            catch (ElectionStoreException e)
            {
                if (first.TrySetException(e))
                    _ = first.Task.Exception;
            }
            // Soon at first: with another server away, what was not given back holds up everybody.
            await Task.Delay(pause, _time, end).ConfigureAwait(false);
            pause = Longer(pause);
        }
    }

    private TimeSpan Longer(TimeSpan pause) => pause * 2 < _leaseDuration / 4 ? pause * 2 : _leaseDuration / 4;

    /// <summary>Has a majority do something; the others do it too if they can.</summary>
    private async Task DoAsync(Func<RedisNode, CancellationToken, Task> request, CancellationToken cancellationToken)
    {
        var asked = Ask(Done(request), cancellationToken);
        var answers = await UntilAsync(asked, got => got.Count >= Majority).ConfigureAwait(false);
        if (answers.Count < Majority)
            throw NoMajority(asked);
    }

    private static Func<RedisNode, CancellationToken, Task<bool>> Done(Func<RedisNode, CancellationToken, Task> request) => async (node, stop) =>
    {
        await request(node, stop).ConfigureAwait(false);
        return true;
    };

    private (Voter Voter, Task<T> Answer)[] Ask<T>(
        Func<RedisNode, CancellationToken, Task<T>> request, CancellationToken cancellationToken, Voter[]? among = null) =>
        // Whether the failure of one matters, the others decide.
        [.. (among ?? _voters).Select(voter => (voter, voter.AskAsync(request, cancellationToken).Observed()))];

    /// <summary>Waits until the answers are enough, or all that will come are there.</summary>
    private static async Task<IReadOnlyList<(Voter Voter, T Answer)>> UntilAsync<T>(
        (Voter Voter, Task<T> Answer)[] asked, Func<IReadOnlyList<(Voter Voter, T Answer)>, bool> isEnough)
    {
        var answers = new List<(Voter Voter, T Answer)>();
        var open = asked.ToList();
        while (open.Count > 0 && !isEnough(answers))
        {
            var next = await Task.WhenAny(open.Select(o => o.Answer)).ConfigureAwait(false);
            var at = open.FindIndex(o => o.Answer == next);
            if (next.IsCompletedSuccessfully)
                answers.Add((open[at].Voter, await next.ConfigureAwait(false)));
            open.RemoveAt(at);
        }
        return answers;
    }

    /// <summary>Fewer than a majority answered: says what the others said instead.</summary>
    private ElectionStoreException NoMajority<T>((Voter Voter, Task<T> Answer)[] asked)
    {
        var failures = asked.Select(a => a.Answer.Exception?.InnerException as ElectionStoreException).OfType<ElectionStoreException>().ToArray();
        // While enough others may come back, waiting helps.
        var isTransient = failures.Count(f => !f.IsTransient) <= _voters.Length - Majority;
        return new($"{Majority} of {_voters.Length} servers are needed; {string.Join("; ", failures.Select(f => f.Message))}", isTransient, failures.FirstOrDefault());
    }
}
