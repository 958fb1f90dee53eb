using Aspire.Hosting.ApplicationModel;

namespace LeaderElection.Tests.App;

[Collection("RunningApp")]
public sealed class AppHostTests(RunningApp app) : IDisposable
{
    private readonly CancellationTokenSource _timeout = new(TestApplication.Patience, TimeProvider.System);

    private CancellationToken Timeout => _timeout.Token;

    public void Dispose() => _timeout.Dispose();

    [Fact]
    public async Task Start_AllResources_BecomeHealthy()
    {
        await app.Application.ResourceNotifications.WaitForResourceHealthyAsync("board", Timeout);
        foreach (var strategy in Strategies)
            Assert.Equal(RunningApp.Replicas, (await app.ReplicasAsync($"{strategy}-demo", Timeout)).Count);
    }

    [Fact]
    public async Task Start_StoresBoardAndWorkers_HaveHealthReports()
    {
        var workers = Strategies.SelectMany(strategy => app.CandidatesOf($"{strategy}-demo")).Select(project => project.Name);
        foreach (var resource in workers.Concat(["board", "redis", "etcd", "zookeeper"]))
        {
            var well = await app.Application.ResourceNotifications.WaitForResourceAsync(resource, TestApplication.IsWell, Timeout);
            Assert.All(well.Snapshot.HealthReports, report => Assert.Equal(Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy, report.Status));
            Assert.NotEmpty(well.Snapshot.HealthReports);
        }
    }

    [Fact]
    public async Task Start_EachElection_HasExactlyOneLeader()
    {
        foreach (var strategy in Strategies)
        {
            var election = await WaitForElectionAsync(strategy, IsComplete, Timeout);

            Assert.Equal(strategy, election.Strategy);
            var replica = Assert.Single(await ReplicasAsync(election), r => IsLeader(r.Role));
            Assert.Equal(election.Leader!.Candidate, replica.Candidate);
            Assert.Equal(election.Leader.FencingToken, replica.FencingToken);
        }
    }

    [Theory]
    [InlineData("file")]
    [InlineData("redis")]
    [InlineData("etcd")]
    [InlineData("zookeeper")]
    [InlineData("raft")]
    public async Task Stop_OfTheLeadersReplica_AnotherLeadsWithAHigherToken_AndStartMakesItFollow(string strategy)
    {
        var first = (await WaitForElectionAsync(strategy, IsComplete, Timeout)).Leader!;

        // The candidate's id is the replica's row: a service name and an instance id.
        // The orchestrator gives a process some seconds to end; on a busy machine it may take a second request.
        while (!(await app.Application.ResourceCommands.ExecuteCommandAsync(first.Candidate, KnownResourceCommands.StopCommand, Timeout)).Success)
            Timeout.ThrowIfCancellationRequested();
        var second = (await WaitForElectionAsync(strategy, e => e.Leader is { } leader && leader.Candidate != first.Candidate, Timeout)).Leader!;
        Assert.True(second.FencingToken > first.FencingToken, $"{second} after {first}");

        var started = await app.Application.ResourceCommands.ExecuteCommandAsync(first.Candidate, KnownResourceCommands.StartCommand, Timeout);
        Assert.True(started.Success, started.Message);
        var election = await WaitForElectionAsync(strategy, e => e.Candidates.Any(c => c.Candidate == first.Candidate && !IsLeader(c.Role) && c.Role.Length > 0), Timeout);
        Assert.NotEqual(first.Candidate, election.Leader?.Candidate);
    }

    private static IReadOnlyList<string> Strategies => ["file", "redis", "etcd", "zookeeper", "raft"];

    // The board lists one that is gone for a while yet.
    private static bool IsComplete(ElectionView election) =>
        election.Leader is not null && election.Candidates.Count == RunningApp.Replicas && election.Candidates.All(c => c.Role is "leader" or "follower");

    private static bool IsLeader(string role) => string.Equals(role, "leader", StringComparison.OrdinalIgnoreCase);

    private async Task<ElectionView> WaitForElectionAsync(string strategy, Func<ElectionView, bool> condition, CancellationToken cancellationToken)
    {
        await app.Application.ResourceNotifications.WaitForResourceHealthyAsync("board", cancellationToken);
        while (true)
        {
            var election = await app.ElectionAsync($"{strategy}-demo", cancellationToken);
            if (condition(election))
                return election;

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken);
        }
    }

    private async Task<List<ReplicaView>> ReplicasAsync(ElectionView election)
    {
        using var client = new HttpClient();
        var replicas = new List<ReplicaView>();
        foreach (var candidate in election.Candidates)
            replicas.Add((await System.Net.Http.Json.HttpClientJsonExtensions.GetFromJsonAsync<ReplicaView>(client, new Uri(candidate.Url!, "/election"), Timeout))!);

        return replicas;
    }
}
