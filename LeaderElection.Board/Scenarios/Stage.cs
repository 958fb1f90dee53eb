using LeaderElection.Board.Actions;
using LeaderElection.Board.Candidates;
using LeaderElection.Board.Elections;
using LeaderElection.Board.History;
using LeaderElection.Board.Ledger;

namespace LeaderElection.Board.Scenarios;

/// <summary>What a scenario has in its hands while it runs: the election, what can be done to it, and how to mend that.</summary>
internal sealed class Stage(
    ScenarioRun run, CandidateRoster roster, ChangeFeed feed, ReplicaActions actions, Operator operators, LedgerStore ledger, LedgerNews news,
    TimeProvider time, CancellationToken cancelled)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    /// <summary>For strategies whose candidates do not tell.</summary>
    private static readonly TimeSpan UsualLease = TimeSpan.FromSeconds(15);

    // By what they mend: the same is not mended twice.
    private readonly Dictionary<string, Func<CancellationToken, Task<string?>>> _mends = [];
    private DateTimeOffset _start;
    private long _firstTerm = 1;

    public bool HasOperator => operators.IsConnected;

    /// <summary>How long the leader's lease lasts after each renewal.</summary>
    public TimeSpan Lease { get; private set; } = UsualLease;

    /// <summary>How long anything may take that has to come: generous, for slow machines.</summary>
    public TimeSpan Patience => 3 * Lease + TimeSpan.FromSeconds(30);

    public ElectionSnapshot Now => roster.Find(run.Election) ?? throw Failure("the board knows no such election");

    public void Say(string line) => run.Say(line);

    public static ScenarioFailedException Failure(string reason) => new(reason);

    /// <summary>Waits until somebody leads, with at least so many candidates there; what is on the timeline by then is left out of the checks.</summary>
    public async Task<LeaderView> BeginAsync(int candidates)
    {
        _start = time.GetUtcNow();
        Say($"{run.Scenario.Title} in {run.Election.Name} ({run.Election.Strategy})");
        var ready = await UntilAsync(
            $"a leader, and {candidates} candidates connected", now => now.Leader is not null && Live(now).Count >= candidates, TimeSpan.FromSeconds(30));
        if (ready.Pulse.LeaseDuration is { } seconds)
            Lease = TimeSpan.FromSeconds(seconds);
        _firstTerm = ready.Timeline.Terms[^1].Number;
        Say($"{ready.Leader!.Candidate} leads with token {ready.Leader.FencingToken}; candidates: {string.Join(", ", Live(ready).Select(one => one.Candidate))}");
        return ready.Leader;
    }

    public static IReadOnlyList<CandidateView> Live(ElectionSnapshot now) => [.. now.View.Candidates.Where(candidate => candidate.IsLive())];

    /// <summary>Waits for the election to be as wanted.</summary>
    /// <exception cref="ScenarioFailedException">It was not in time.</exception>
    public async Task<ElectionSnapshot> UntilAsync(string what, Func<ElectionSnapshot, bool> wanted, TimeSpan? atMost = null)
    {
        var limit = atMost ?? Patience;
        var start = time.GetTimestamp();
        using var changes = feed.Subscribe();
        changes.Watch([run.Election]);
        while (true)
        {
            cancelled.ThrowIfCancellationRequested();
            if (roster.Find(run.Election) is { } now && wanted(now))
                return now;
            if (time.GetElapsedTime(start) >= limit)
                throw Failure($"waited {limit.TotalSeconds:0} s in vain for {what}");
            await changes.WaitAsync(Look, time, cancelled);
        }
    }

    /// <summary>Waits for somebody to lead under a higher token, and tells how long nobody did.</summary>
    public async Task<LeaderView> NextLeaderAsync(long after, Func<LeaderView, bool>? whoever = null)
    {
        var now = await UntilAsync("another leader", now => now.Leader is { } leader && leader.FencingToken > after && (whoever?.Invoke(leader) ?? true));
        var term = now.Timeline.Terms[^1];
        Say($"{now.Leader!.Candidate} leads with token {now.Leader.FencingToken}"
            + (term.GapBefore is { } gap ? $"; nobody had led for {TimelineText.Length(gap)}" : ""));
        return now.Leader;
    }

    /// <summary>Watches that something stays so.</summary>
    public async Task StaysAsync(string otherwise, Func<ElectionSnapshot, bool> so, TimeSpan length)
    {
        var start = time.GetTimestamp();
        using var changes = feed.Subscribe();
        while (time.GetElapsedTime(start) < length)
        {
            if (!so(Now))
                throw Failure(otherwise);
            await changes.WaitAsync(Look, time, cancelled);
        }
    }

    /// <exception cref="ScenarioFailedException">The candidate, or the operator, would not or could not.</exception>
    public async Task ActAsync(string candidate, ReplicaAction action)
    {
        if (await actions.RunAsync(run.Election, candidate, action, cancelled) is { } problem)
            throw Failure($"{action.Name} of {candidate}: {problem.Error}");
    }

    /// <summary>Has the candidate healed, once <see cref="MendAsync"/> is called, at the end at the latest.</summary>
    public void HealLater(string candidate) => _mends[$"heal {candidate}"] = async cancellation =>
    {
        var problem = await actions.RunAsync(run.Election, candidate, new ReplicaAction(ReplicaAction.Heal), cancellation);
        if (problem?.Status == StatusCodes.Status501NotImplemented)
        {
            Say($"{candidate} cannot be healed at once; it recovers by itself when its time is up");
            return null;
        }
        Say(problem is null ? $"heal {candidate}" : $"{candidate} could not be healed: {problem.Error}");
        return problem?.Error;
    };

    /// <summary>Has the candidate started again, if it is gone then and somebody can.</summary>
    public void StartLater(string candidate) => _mends[$"start {candidate}"] = async cancellation =>
    {
        if (Now.Candidate(candidate) is { } seat && seat.IsLive())
            return null;
        if (!HasOperator)
        {
            Say($"{candidate} stays down: no operator is connected, who could start it");
            return null;
        }
        var error = await operators.RunAsync("start", candidate, cancellation);
        Say(error is null ? $"start {candidate}" : $"{candidate} could not be started: {error}");
        return error;
    };

    /// <summary>Mends what is broken.</summary>
    /// <returns>What could not be mended; <see langword="null"/> if all was.</returns>
    public async Task<string?> MendAsync(CancellationToken cancellation)
    {
        string? failure = null;
        foreach (var (what, mend) in _mends.ToArray())
        {
            _mends.Remove(what);
            var error = await mend(cancellation);
            failure ??= error is null ? null : $"{what}: {error}";
        }
        return failure;
    }

    /// <exception cref="ScenarioFailedException">Something could not be mended.</exception>
    public async Task MendAsync()
    {
        if (await MendAsync(cancelled) is { } failure)
            throw Failure(failure);
    }

    /// <summary>Waits until the new leader has written to the ledger: from then on the ledger knows its token.</summary>
    public async Task UntilLedgerHasSeenAsync(long token)
    {
        var start = time.GetTimestamp();
        while (ledger.Read(run.Election.Name, 1).Highest < token)
        {
            if (time.GetElapsedTime(start) >= Patience)
                throw Failure($"the leader wrote nothing to the ledger under token {token} within {Patience.TotalSeconds:0} s");
            await Task.Delay(Look, time, cancelled);
        }
    }

    /// <summary>Writes to the ledger in somebody's name, in the present epoch: the token decides.</summary>
    public async Task<LedgerDecision> WriteAsync(string candidate, long token, string text)
    {
        var write = new LedgerWrite(run.Election.Name, ledger.Read(run.Election.Name, 1).Epoch, token, candidate, text);
        var decision = await ledger.AppendAsync(write);
        news.Tell(write, decision);
        return decision;
    }

    public bool WasRefused(ElectionSnapshot now, long token) => now.Timeline.Refusals.Any(refusal => refusal.At >= _start && refusal.FencingToken == token);

    /// <summary>The terms since the start, the one that was running then included.</summary>
    public IReadOnlyList<TermView> Terms => [.. Now.Timeline.Terms.Where(term => term.Number >= _firstTerm)];

    /// <summary>What must hold whatever was broken: never two leaders at once, and each with a higher token than the one before.</summary>
    public void CheckTerms()
    {
        var terms = Terms;
        if (terms.FirstOrDefault(term => term.Overlap is not null) is { } two)
            throw Failure($"two leaders at once: {two.Candidate} went on claiming to lead for {TimelineText.Length(two.Overlap!.Value)} when another did already");
        foreach (var (before, after) in terms.Zip(terms.Skip(1)))
        {
            if (after.FencingToken <= before.FencingToken)
                throw Failure($"the token of {after.Candidate}, {after.FencingToken}, is not above {before.FencingToken}, that of {before.Candidate} before it");
        }
        Say($"never two leaders at once, and tokens increase: {string.Join(" < ", terms.Select(term => term.FencingToken))}");
    }

    /// <summary>The timeline of what the scenario did, for the log.</summary>
    public IEnumerable<string> Timeline()
    {
        if (roster.Find(run.Election) is not { Timeline: var timeline })
            return [];
        var own = timeline with
        {
            // What was before the first of them is not the scenario's.
            Terms = [.. timeline.Terms.Where(term => term.Number >= _firstTerm).Select((term, index) => index == 0 ? term with { GapBefore = null } : term)],
            Refusals = [.. timeline.Refusals.Where(refusal => refusal.At >= _start)],
        };
        return TimelineText.Events(own).OrderBy(one => one.At).Select(one => one.Line);
    }
}
