using System.Collections.Concurrent;
using LeaderElection.Board.Actions;
using LeaderElection.Board.Candidates;
using LeaderElection.Board.Elections;
using LeaderElection.Board.Ledger;

namespace LeaderElection.Board.Scenarios;

/// <summary>Runs scenarios, one at a time on each election, and keeps the logs of the latest.</summary>
internal sealed class ScenarioRunner(
    IEnumerable<Scenario> scenarios, CandidateRoster roster, ChangeFeed feed, ReplicaActions actions, Operator operators, LedgerStore ledger, LedgerNews news,
    TimeProvider time) : IHostedService
{
    private const int RunsKept = 100;

    private static readonly TimeSpan MendTime = TimeSpan.FromMinutes(2);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, ScenarioRun> _runs = new(StringComparer.Ordinal);
    private readonly Dictionary<ElectionKey, Task> _running = [];
    private long _ids;

    public IReadOnlyList<Scenario> Scenarios { get; } = [.. scenarios];

    public ScenarioRun? Find(string id) => _runs.GetValueOrDefault(id);

    /// <summary>Starts a run.</summary>
    /// <returns>The run, or why there is none.</returns>
    public (ScenarioRun? Run, ActionProblem? Problem) Start(Scenario scenario, ElectionKey election)
    {
        if (scenario.Strategies is { } strategies && !strategies.Contains(election.Strategy))
            return (null, new ActionProblem(StatusCodes.Status400BadRequest, $"{scenario.Name} is for {string.Join(", ", strategies)}"));
        if (scenario.NeedsOperator && !operators.IsConnected)
            return (null, new ActionProblem(StatusCodes.Status409Conflict, $"{scenario.Name} needs an operator, who restarts replicas, and none is connected"));
        if (roster.Find(election) is null)
            return (null, new ActionProblem(StatusCodes.Status404NotFound, "the board knows no such election"));
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested)
                return (null, new ActionProblem(StatusCodes.Status503ServiceUnavailable, "the board is shutting down"));
            if (_running.ContainsKey(election))
                return (null, new ActionProblem(StatusCodes.Status409Conflict, $"a scenario runs on {election.Name} already"));
            var run = new ScenarioRun($"{++_ids}", scenario, election, time);
            _runs[run.Id] = run;
            _runs.TryRemove($"{_ids - RunsKept}", out _);
            _running[election] = Task.Run(() => RunAsync(run));
            return (run, null);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task[] running;
        await _stopping.CancelAsync();
        lock (_lock)
            running = [.. _running.Values];
        // They mend what they broke.
        await Task.WhenAll(running).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync(ScenarioRun run)
    {
        var stage = new Stage(run, roster, feed, actions, operators, ledger, news, time, _stopping.Token);
        string? failure = null;
        try
        {
            await run.Scenario.RunAsync(stage);
        }
        catch (ScenarioFailedException e)
        {
            failure = e.Message;
        }
        catch (OperationCanceledException)
        {
            failure = "the board is shutting down";
        }
        // Whatever it is, the log has to end with a verdict.
        catch (Exception e)
        {
            failure = e.Message;
        }

        if (failure is not null)
            stage.Say($"this went wrong: {failure}");
        try
        {
            using var limit = new CancellationTokenSource(MendTime, time);
            failure = await stage.MendAsync(limit.Token) is { } unmended ? failure ?? unmended : failure;
        }
        catch (Exception e)
        {
            failure ??= $"not everything could be mended: {e.Message}";
        }
        run.SayPlainly("Timeline, by the board's clock, UTC:");
        foreach (var line in stage.Timeline())
            run.SayPlainly($"  {line}");
        lock (_lock)
            _running.Remove(run.Election);
        run.End(failure);
    }
}
