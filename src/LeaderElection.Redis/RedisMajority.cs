using System.Collections.Concurrent;
using System.Globalization;
using LeaderElection.Leases;

namespace LeaderElection.Redis;

/// <summary>
/// Several independent servers, of which a majority decides: any two majorities share a server, so a leader is safe
/// while fewer than half of them fail, forget, or cannot be reached.
/// </summary>
/// <remarks>
/// <para>Source: "Distributed Locks with Redis" (redis.io, "The Redlock algorithm"), with the objections of M. Kleppmann,
/// "How to do distributed locking" (2016), taken in: validity is counted by the lease clock, from before the first
/// request; there are fencing tokens; and a server that has forgotten its data does not vote for one lease, which stands
/// for Redlock's delayed restart. Nor does one for an election whose entry is missing; as each counts that by itself, from
/// when it had no leader, no candidate has to be believed that it has waited.</para>
/// <para><em>Tokens.</em> Every server counts its own. The claimant takes the highest that its majority drew, and has a
/// majority count on from there before it leads. The next one's majority shares a server with that, so it draws a higher.</para>
/// <para><em>Renewal.</em> A leadership is confirmed by the servers that renewed the lease and still name the claim. On
/// servers that were away, or emptied, both are entered again unless one who was elected later is named there.</para>
/// </remarks>
internal sealed class RedisMajority(RedisNode[] nodes, TimeSpan leaseDuration, TimeProvider time, Action<string> warn) : IRedisStore
{
    private const int AdoptedAtOnce = 1000;
    private const int LeasesOfGivingBack = 5;

    /// <summary>More claims at once would only wait for each other at the servers, until all are late.</summary>
    private const int ClaimsAtOnce = 32;

    /// <summary>What was won, by the id of the campaign; the claim has the id of the attempt.</summary>
    private readonly ConcurrentDictionary<string, (LeaseClaim Claim, LeaderInfo Leader)> _won = new();

    /// <summary>What is given back, by the id of the campaign, until a majority has it.</summary>
    private readonly ConcurrentDictionary<string, LeaseClaim> _givingBack = new();
    private readonly ConcurrentDictionary<RedisNode, bool> _inTrouble = new();

    /// <summary>Since when a server is known to have its data for too short a time to vote, and for how long.</summary>
    private readonly ConcurrentDictionary<RedisNode, (long Since, TimeSpan For)> _fresh = new();
    private readonly SemaphoreSlim _claims = new(ClaimsAtOnce);

    /// <summary>A server that does not answer in this time is not waited for: the others may be a majority.</summary>
    private readonly TimeSpan _patience = TimeSpan.FromTicks(
        Math.Clamp(leaseDuration.Ticks / 10, TimeSpan.FromMilliseconds(50).Ticks, TimeSpan.FromSeconds(2).Ticks));
    private (IReadOnlyList<LeaseClaim> Held, LeaseClaim[] Attempts)? _renewal;
    private long _attempts;

    private int Majority => (nodes.Length / 2) + 1;

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
            await Task.Delay(longest * (0.1 + (0.9 * Random.Shared.NextDouble())), time, cancellationToken).ConfigureAwait(false);
            longest = longest < _patience ? longest * 2 : longest;
        }
    }

    public async Task<RenewReply> RenewAsync(string leaseId, IReadOnlyList<LeaseClaim> held, CancellationToken cancellationToken)
    {
        if (_renewal is not { } renewal || !ReferenceEquals(renewal.Held, held))
            _renewal = renewal = (held, [.. held.Select(claim => _won.TryGetValue(claim.ClaimId, out var won) ? won.Claim : claim)]);
        var asked = Ask((node, stop) => RenewAsync(node, leaseId, renewal, stop), cancellationToken);
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
        var claimId = release.Claim?.ClaimId;
        if (release.Claim is { } claim)
        {
            // No renewal that is under way enters it again; and when this fails, it is known what to give back the next time.
            if (_won.TryRemove(claim.ClaimId, out var won))
                _givingBack[claim.ClaimId] = won.Claim;
            if (_givingBack.TryGetValue(claim.ClaimId, out var attempt))
                release = release with { Claim = attempt };
            // An attempt that did not win has given its votes back.
            else if (!release.EndsLease)
                return;
        }
        var told = await DoAsync((node, stop) => node.GiveBackAsync(release, stop), cancellationToken).ConfigureAwait(false);
        if (claimId is not null)
            _givingBack.TryRemove(claimId, out _);
        // While the lease lives on for other elections, so does what a server that was away still has.
        foreach (var (node, first) in told)
            _ = UntilDoneAsync((isFirst, stop) => isFirst ? first : node.GiveBackAsync(release, stop));
    }

    public async Task<LeaseRecord?> ReadAsync(string election, CancellationToken cancellationToken)
    {
        var asked = Ask((node, stop) => node.ReadAsync(election, stop), cancellationToken);
        var answers = await UntilAsync(asked, got => got.Count(a => a.Answer is null) >= Majority || Leader(got) is not null).ConfigureAwait(false);
        return answers.Count < Majority ? throw NoMajority(asked) : Leader(answers);

        // Until a token is agreed upon, each server has its own, and nobody leads.
        LeaseRecord? Leader(IReadOnlyList<(RedisNode, LeaseRecord? Answer)> got) => got
            .Where(a => a.Answer is not null).GroupBy(a => (a.Answer!.LeaseId, a.Answer.Leader.FencingToken))
            .FirstOrDefault(same => same.Count() >= Majority)?.MaxBy(a => a.Answer!.Remaining).Answer;
    }

    public Task PingAsync(CancellationToken cancellationToken) => DoAsync((node, stop) => node.PingAsync(stop), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
            await node.DisposeAsync().ConfigureAwait(false);
    }

    private static int Count(IReadOnlyList<(RedisNode, NodeClaim Answer)> answers, ClaimAnswer answer) =>
        answers.Count(a => a.Answer.Reply.Answer == answer);

    /// <summary>Whom most servers name, and how many do.</summary>
    private static (LeaseRecord Record, int Servers)? Holder(IReadOnlyList<(RedisNode, NodeClaim Answer)> answers)
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
        // Each attempt has an id of its own: what is still given back of an earlier one cannot undo a later one.
        var attempt = _won.TryGetValue(claim.ClaimId, out var won)
            ? claim with { ClaimId = won.Claim.ClaimId }
            : claim with { ClaimId = string.Create(CultureInfo.InvariantCulture, $"{claim.ClaimId}.{Interlocked.Increment(ref _attempts)}") };
        var asked = Ask((node, stop) => node.VoteAsync(attempt, stop), cancellationToken);
        var answers = await UntilAsync(
            asked, got => Count(got, ClaimAnswer.Won) >= Majority || Holder(got)?.Servers >= Majority).ConfigureAwait(false);
        if (Count(answers, ClaimAnswer.Won) >= Majority && await AgreeAsync(attempt, answers, cancellationToken).ConfigureAwait(false) is { } leader)
        {
            _won[claim.ClaimId] = (attempt, leader);
            foreach (var (node, answer) in asked.ExceptBy(answers.Select(a => a.Node), a => a.Node))
                _ = AgreeLaterAsync(node, answer, attempt, leader);
            return ClaimReply.Won(leader);
        }

        // The votes of a minority are in others' way. Who waits like us need not hear of them.
        _won.TryRemove(claim.ClaimId, out _);
        var decided = Decide(answers);
        foreach (var (node, answer) in asked)
            _ = GiveBackVoteAsync(node, answer, attempt, isSilent: decided?.Answer == ClaimAnswer.Wait);
        return answers.Count < Majority ? throw NoMajority(asked) : decided;
    }

    /// <summary>What the servers say together to a claim that was not won; <see langword="null"/> when it is to be made again.</summary>
    private ClaimReply? Decide(IReadOnlyList<(RedisNode, NodeClaim Answer)> answers)
    {
        var votes = Count(answers, ClaimAnswer.Won);
        var holder = Holder(answers);
        if (holder?.Servers >= Majority)
            return ClaimReply.Held(holder.Value.Record);
        if (Count(answers, ClaimAnswer.LeaseGone) > nodes.Length - Majority)
            return ClaimReply.LeaseGone;
        foreach (var (node, answer) in answers.Where(a => a.Answer.IsFresh))
            WarnOfFresh(node, answer.Reply.Remaining);
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
    private async Task<LeaderInfo?> AgreeAsync(
        LeaseClaim attempt, IReadOnlyList<(RedisNode Node, NodeClaim Answer)> answers, CancellationToken cancellationToken)
    {
        var votes = answers.Where(a => a.Answer.Reply.Answer == ClaimAnswer.Won).ToArray();
        var leader = votes.Select(v => v.Answer.Reply.Leader!).MaxBy(l => l.FencingToken)!;
        var agreed = await UntilAsync(
            Ask((node, stop) => node.RaiseAsync(attempt, leader, stop), cancellationToken, [.. votes.Select(v => v.Node)]),
            got => got.Count(a => a.Answer) >= Majority).ConfigureAwait(false);
        return agreed.Count(a => a.Answer) >= Majority ? leader : null;
    }

    /// <summary>Tells the token to a server that voted when the majority was there already.</summary>
    private async Task AgreeLaterAsync(RedisNode node, Task<NodeClaim> answer, LeaseClaim attempt, LeaderInfo leader)
    {
        try
        {
            if ((await answer.ConfigureAwait(false)).Reply.Answer == ClaimAnswer.Won)
                await AskAsync(node, (one, stop) => one.RaiseAsync(attempt, leader, stop), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ElectionStoreException or OperationCanceledException or ObjectDisposedException)
        {
            // It is one of a minority.
        }
    }

    /// <returns>The positions of the claims that another has there.</returns>
    private async Task<IReadOnlyList<int>> RenewAsync(
        RedisNode node, string leaseId, (IReadOnlyList<LeaseClaim> Held, LeaseClaim[] Attempts) renewal, CancellationToken cancellationToken)
    {
        var reply = await node.RenewAsync(leaseId, renewal.Attempts, cancellationToken).ConfigureAwait(false);
        var missing = new List<(int Index, LeaseClaim Claim, LeaderInfo Leader)>();
        var superseded = reply.LeaseGone ? null : new HashSet<LeaseClaim>(reply.Superseded);
        for (var i = 0; i < renewal.Held.Count && (superseded is null || superseded.Count > 0); i++)
        {
            if ((superseded is null || superseded.Contains(renewal.Attempts[i])) && _won.TryGetValue(renewal.Held[i].ClaimId, out var won))
                missing.Add((i, won.Claim, won.Leader));
        }
        var lost = new List<int>();
        foreach (var some in missing.Chunk(AdoptedAtOnce))
        {
            var elsewhere = await node.AdoptAsync(leaseId, [.. some.Select(m => (m.Claim, m.Leader))], cancellationToken).ConfigureAwait(false);
            lost.AddRange(elsewhere.Select(i => some[i].Index));
        }
        return lost;
    }

    /// <summary>Gives back what a server may have voted, also when its answer was lost.</summary>
    private Task GiveBackVoteAsync(RedisNode node, Task<NodeClaim> answer, LeaseClaim attempt, bool isSilent) => UntilDoneAsync(async (isFirst, stop) =>
    {
        if (!isFirst || (await answer.ConfigureAwait(false)).Reply.Answer == ClaimAnswer.Won)
            await node.GiveBackAsync(new LeaseRelease(attempt.LeaseId, attempt, FencingToken: 0, EndsLease: false), isSilent, stop).ConfigureAwait(false);
    });

    /// <summary>Does something on a server until it succeeds, for some leases.</summary>
    /// <param name="attempt">Told whether it is the first.</param>
    private async Task UntilDoneAsync(Func<bool, CancellationToken, Task> attempt)
    {
        var (start, pause) = (time.GetTimestamp(), _patience);
        for (var isFirst = true; time.GetElapsedTime(start) < leaseDuration * LeasesOfGivingBack; isFirst = false)
        {
            try
            {
                using var late = new CancellationTokenSource(leaseDuration, time);
                await attempt(isFirst, late.Token).ConfigureAwait(false);
                return;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (Exception e) when (e is ElectionStoreException or OperationCanceledException)
            {
                // Soon at first: with another server away, what was not given back holds up everybody.
                await Task.Delay(pause, time).ConfigureAwait(false);
                pause = pause * 2 < leaseDuration / 2 ? pause * 2 : leaseDuration / 2;
            }
        }
    }

    /// <summary>Has a majority do something; the others do it too if they can.</summary>
    /// <returns>What was asked of each.</returns>
    private async Task<(RedisNode Node, Task<bool> Done)[]> DoAsync(Func<RedisNode, CancellationToken, Task> request, CancellationToken cancellationToken)
    {
        var asked = Ask(
            async (node, stop) =>
            {
                await request(node, stop).ConfigureAwait(false);
                return true;
            },
            cancellationToken);
        var answers = await UntilAsync(asked, got => got.Count >= Majority).ConfigureAwait(false);
        return answers.Count < Majority ? throw NoMajority(asked) : asked;
    }

    private (RedisNode Node, Task<T> Answer)[] Ask<T>(
        Func<RedisNode, CancellationToken, Task<T>> request, CancellationToken cancellationToken, RedisNode[]? among = null) =>
        // Whether the failure of one matters, the others decide.
        [.. (among ?? nodes).Select(node => (node, AskAsync(node, request, cancellationToken).Observed()))];

    private async Task<T> AskAsync<T>(RedisNode node, Func<RedisNode, CancellationToken, Task<T>> request, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            var answer = await request(node, either.Token).ConfigureAwait(false);
            _inTrouble.TryRemove(node, out _);
            return answer;
        }
        catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
        {
            // Called off before it had the time that it is given.
            throw new ElectionStoreException($"{node.Name}: no answer yet", isTransient: true, e);
        }
        catch (OperationCanceledException e)
        {
            throw InTrouble(node, new ElectionStoreException($"{node.Name}: no answer within {_patience.TotalSeconds:0.###} s", isTransient: true, e));
        }
        catch (ElectionStoreException e)
        {
            throw InTrouble(node, e);
        }
    }

    /// <summary>Warns when a server falls out, not each time that it is asked.</summary>
    private ElectionStoreException InTrouble(RedisNode node, ElectionStoreException e)
    {
        if (_inTrouble.TryAdd(node, true))
            warn($"{e.Message}; it has no vote, and {Majority} of {nodes.Length} servers are needed");
        return e;
    }

    /// <summary>Warns of a server that is new or was emptied: once, until it votes and then is emptied again.</summary>
    private void WarnOfFresh(RedisNode node, TimeSpan remaining)
    {
        if (_fresh.TryGetValue(node, out var known) && time.GetElapsedTime(known.Since) < known.For)
            return;
        // Somewhat longer than it says: what it said of the same time may arrive late.
        _fresh[node] = (time.GetTimestamp(), remaining + _patience);
        warn(FormattableString.Invariant(
            $"{node.Name}: it is new, or was emptied; it does not vote before it has had its data for {leaseDuration.TotalSeconds:0.###} s, and {Majority} of {nodes.Length} servers are needed"));
    }

    /// <summary>Waits until the answers are enough, or all that will come are there.</summary>
    private static async Task<IReadOnlyList<(RedisNode Node, T Answer)>> UntilAsync<T>(
        (RedisNode Node, Task<T> Answer)[] asked, Func<IReadOnlyList<(RedisNode Node, T Answer)>, bool> isEnough)
    {
        var answers = new List<(RedisNode Node, T Answer)>();
        var open = asked.ToList();
        while (open.Count > 0 && !isEnough(answers))
        {
            var next = await Task.WhenAny(open.Select(o => o.Answer)).ConfigureAwait(false);
            var at = open.FindIndex(o => o.Answer == next);
            if (next.IsCompletedSuccessfully)
                answers.Add((open[at].Node, await next.ConfigureAwait(false)));
            open.RemoveAt(at);
        }
        return answers;
    }

    /// <summary>Fewer than a majority answered: says what the others said instead.</summary>
    private ElectionStoreException NoMajority<T>((RedisNode Node, Task<T> Answer)[] asked)
    {
        var failures = asked.Select(a => a.Answer.Exception?.InnerException as ElectionStoreException).OfType<ElectionStoreException>().ToArray();
        // While enough others may come back, waiting helps.
        var isTransient = failures.Count(f => !f.IsTransient) <= nodes.Length - Majority;
        return new($"{Majority} of {nodes.Length} servers are needed; {string.Join("; ", failures.Select(f => f.Message))}", isTransient, failures.FirstOrDefault());
    }
}
