using System.Text.Json;
using LeaderElection.AppHost.Board;
using LeaderElection.Hosting;
using Microsoft.Extensions.Hosting;

namespace LeaderElection.AppHost;

/// <summary>Runs one of the board's scenarios on each election in turn, tells it on the console, and ends the application.</summary>
internal sealed class ScenarioRun(
    AppHostOptions options, BoardAccess board, BoardOperator operation, DistributedApplicationModel model, ResourceNotificationService notifications,
    IHostApplicationLifetime lifetime) : BackgroundService
{
    /// <summary>What the board can run.</summary>
    public static readonly IReadOnlyList<string> Names = ["leader-failure", "partition", "rolling-restart", "frozen-leader"];

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(200);

    /// <summary>For how long it waits for the leaders and all candidates.</summary>
    public TimeSpan StartLimit { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether it ran on one election at least, and passed on all.</summary>
    public bool Passed { get; private set; }

    private string Name => options.Scenario!;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var client = await ReadyAsync(stoppingToken);
            Passed = await RunOnAllAsync(client, stoppingToken);
        }
        catch (Exception e) when (e is ElectionStoreException or DistributedApplicationException or JsonException)
        {
            Console.WriteLine($"FAILED: {OneLine.Of(e.Message)}");
        }
        finally
        {
            lifetime.StopApplication();
        }
    }

    /// <summary>Waits until every election has its leader and all its candidates.</summary>
    private async Task<BoardClient> ReadyAsync(CancellationToken stoppingToken)
    {
        var elections = model.Resources.OfType<ElectionResource>().ToList();
        Console.WriteLine($"Scenario {Name}: waiting for the leaders of {string.Join(", ", elections.Select(election => election.Name))}");
        using var late = new CancellationTokenSource(StartLimit, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, late.Token);
        var missing = "a board that takes its operator";
        try
        {
            await operation.Connected.WaitAsync(either.Token);
            var client = board.Open();
            Console.WriteLine($"  The board is at {board.Address}");
            foreach (var election in elections)
            {
                missing = $"the leader of {election.Name}";
                var row = await notifications.WaitForResourceAsync(election.Name, e => e.Snapshot.GetLeader() is not null, either.Token);
                var candidates = CandidatesOf(election);
                missing = $"the {candidates} candidates of {election.Name}";
                while ((await ElectionsAsync(client, either.Token)).FirstOrDefault(view => view.Name == election.ElectionName) is not { } view
                    || view.Candidates?.Count(candidate => candidate.Role is "leader" or "follower") < candidates)
                    await Task.Delay(Glance, TimeProvider.System, either.Token);
                var (leader, token) = row.Snapshot.GetLeader()!.Value;
                Console.WriteLine($"  {election.Name,-14} has {candidates} candidates and is led by {leader}, fencing token {token}");
            }
            return client;
        }
        catch (OperationCanceledException e) when (late.IsCancellationRequested)
        {
            string[] reasons = [$"{missing} did not appear within {StartLimit.TotalMinutes:0.#} minutes", .. model.Unwell(notifications)];
            throw new DistributedApplicationException(string.Join("; ", reasons), e);
        }
    }

    private async Task<bool> RunOnAllAsync(BoardClient client, CancellationToken stoppingToken)
    {
        var scenarios = (await client.GetAsync("/api/scenarios", stoppingToken)).EnumerateArray().ToList();
        var scenario = scenarios.FirstOrDefault(one => one.GetProperty("name").GetString() == Name);
        if (scenario.ValueKind == JsonValueKind.Undefined)
            throw new DistributedApplicationException($"the board has no scenario {Name}; it has {string.Join(", ", scenarios.Select(one => one.GetProperty("name").GetString()))}");
        var strategies = scenario.TryGetProperty("strategies", out var only) && only.ValueKind == JsonValueKind.Array
            ? only.EnumerateArray().Select(strategy => strategy.GetString()).ToList()
            : null;

        var (runs, passed) = (0, 0);
        foreach (var election in await ElectionsAsync(client, stoppingToken))
        {
            if (model.Resources.OfType<ElectionResource>().All(resource => resource.ElectionName != election.Name))
                continue;
            Console.WriteLine();
            if (strategies?.Contains(election.Strategy) == false)
            {
                Console.WriteLine($"{Name} is not for {election.Name}, only for {string.Join(", ", strategies)}");
                continue;
            }
            Console.WriteLine($"{Name} on {election.Name} ({election.Strategy})");
            runs++;
            if (await RunAsync(client, election, stoppingToken))
                passed++;
        }
        Console.WriteLine();
        Console.WriteLine(runs == 0 ? $"FAILED: no election that {Name} is for was started" : $"{Name}: passed on {passed} of {runs}");
        return runs > 0 && passed == runs;
    }

    private async Task<bool> RunAsync(BoardClient client, BoardElectionView election, CancellationToken stoppingToken)
    {
        try
        {
            var started = await client.PostAsync(
                $"/api/scenarios/{Name}/runs?strategy={Uri.EscapeDataString(election.Strategy)}&election={Uri.EscapeDataString(election.Name)}", null, stoppingToken);
            var last = "";
            await foreach (var line in client.LinesAsync($"/api/scenarios/runs/{started.GetProperty("id")}/log", stoppingToken))
            {
                Console.WriteLine($"  {last = OneLine.Of(line)}");
            }
            return last == "PASSED";
        }
        catch (ElectionStoreException e)
        {
            Console.WriteLine($"  FAILED: {e.Message}");
            return false;
        }
    }

    private static async Task<IReadOnlyList<BoardElectionView>> ElectionsAsync(BoardClient client, CancellationToken cancellationToken) =>
        BoardElectionView.ParseList((await client.GetAsync("/api/elections", cancellationToken)).GetRawText());

    private int CandidatesOf(ElectionResource election) => model.Resources.OfType<ProjectResource>()
        .Where(project => project.Annotations.OfType<ResourceRelationshipAnnotation>().Any(relation => relation.Type == "Parent" && relation.Resource == election))
        .Sum(project => project.Annotations.OfType<ReplicaAnnotation>().LastOrDefault()?.Replicas ?? 1);
}
