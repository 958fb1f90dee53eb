namespace LeaderElection.Tests.Browser;

/// <summary>What a user does in the dashboard.</summary>
[Collection("App")]
public sealed class DashboardTests(RunningDashboard app) : IClassFixture<RunningDashboard>
{
    public static TheoryData<string> Elections => ["file-demo", "redis-demo"];

    [Fact]
    public async Task LogIn_ByThePrintedAddress_ListsEachElectionWithItsLeader()
    {
        var dashboard = await app.LogInAsync();

        foreach (var election in new[] { "file-demo", "redis-demo" })
        {
            var leader = await dashboard.LeaderAsync(election);
            var replica = await dashboard.ReplicaAsync(leader.Leader);
            await dashboard.WaitForStateAsync(replica, state => state == "Running", "running");
        }
        await dashboard.PictureAsync("resources");
    }

    [Theory]
    [MemberData(nameof(Elections))]
    public async Task Stop_OfTheLeadersReplica_AnotherLeadsUnderAHigherToken_AndStartBringsItBack(string election)
    {
        var dashboard = await app.LogInAsync();
        var first = await dashboard.LeaderAsync(election);
        var replica = await dashboard.ReplicaAsync(first.Leader);

        await dashboard.CommandAsync(replica, "Stop", () => dashboard.HasStateAsync(replica, state => state != "Running"));
        var second = await dashboard.LeaderAsync(election, after: first.FencingToken);
        Assert.NotEqual(first.Leader, second.Leader);
        await dashboard.WaitForStateAsync(replica, state => state is not ("Running" or "Stopping"), "stopped");
        await dashboard.PictureAsync($"{election}-stopped");

        await dashboard.CommandAsync(replica, "Start", () => dashboard.HasStateAsync(replica, state => state == "Running"));
    }

    [Theory]
    [MemberData(nameof(Elections))]
    public async Task StepDown_MovesLeadership_AndSaysSo(string election)
    {
        var dashboard = await app.LogInAsync();
        var first = await dashboard.LeaderAsync(election);

        await dashboard.CommandAsync(election, "Step down", () => dashboard.HasLeaderAsync(election, after: first.FencingToken));

        var second = await dashboard.LeaderAsync(election, after: first.FencingToken);
        Assert.NotEqual(first.Leader, second.Leader);
        // A toast says that it was done, the notifications say what came of it.
        await dashboard.Locate("fluent-button[title='Notifications']").ClickAsync();
        await dashboard.Text($"stepped down; {election.Replace("-demo", "-worker", StringComparison.Ordinal)}-{second.Leader} leads under token {second.FencingToken}.").WaitForAsync();
        await dashboard.PictureAsync($"{election}-step-down");
    }

    [Fact]
    public async Task CrashLeader_AsksFirst_AndAnotherLeads()
    {
        var dashboard = await app.LogInAsync();
        var first = await dashboard.LeaderAsync("redis-demo");
        var replica = await dashboard.ReplicaAsync(first.Leader);

        await dashboard.CommandAsync("redis-demo", "Crash leader", () => dashboard.Text("Kill the leader's process?").IsVisibleAsync());
        await dashboard.PictureAsync("crash-confirmation");
        await dashboard.ConfirmAsync();

        await dashboard.LeaderAsync("redis-demo", after: first.FencingToken);
        await dashboard.CommandAsync(replica, "Start", () => dashboard.HasStateAsync(replica, state => state == "Running"));
    }

    [Fact]
    public async Task ConsoleLogs_OfAReplica_ShowItsLines()
    {
        var dashboard = await app.LogInAsync();
        var replica = await dashboard.ReplicaAsync((await dashboard.LeaderAsync("file-demo")).Leader);

        await dashboard.OpenAsync($"/consolelogs/resource/{replica}");

        await dashboard.Text($"{replica} campaigns in file-demo").WaitForAsync();
        await dashboard.PictureAsync("console-logs");
    }

    [Fact]
    public async Task TracesAndStructuredLogs_ListWhoBecameLeader()
    {
        var dashboard = await app.LogInAsync();
        await dashboard.LeaderAsync("file-demo");

        await dashboard.FindAsync("/traces", "became leader", "file-worker: became leader");
        await dashboard.PictureAsync("traces");

        await dashboard.FindAsync("/structuredlogs", "became leader", "became leader of file-demo");
        await dashboard.PictureAsync("structured-logs");
    }

    [Fact]
    public async Task Metrics_OfAReplica_ChartWhoLeads()
    {
        var dashboard = await app.LogInAsync();
        var replica = await dashboard.ReplicaAsync((await dashboard.LeaderAsync("file-demo")).Leader);

        await dashboard.FindAsync(
            $"/metrics/resource/{replica}?meter=LeaderElection&instrument=leader_election.is_leader",
            filter: null, "1 while a candidate of this process leads, else 0.");
        await dashboard.PictureAsync("metrics");
    }

    [Fact]
    public async Task Details_OfAnElection_ShowTokenAndCandidates()
    {
        var dashboard = await app.LogInAsync();
        await dashboard.LeaderAsync("redis-demo");

        await dashboard.CommandAsync("redis-demo", "View details", () => dashboard.Locate("[title='Fencing token']").First.IsVisibleAsync());

        foreach (var label in new[] { "Fencing token", "Since", "Leaderships so far", "Candidates" })
            await dashboard.Locate($"[title='{label}']").First.WaitForAsync();
        await dashboard.PictureAsync("details");
    }
}
