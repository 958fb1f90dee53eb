using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.App;

// The arguments of commands are still marked as being tried out.
#pragma warning disable ASPIREINTERACTION001

/// <summary>The elections' rows and their commands, on the running AppHost.</summary>
[Collection("RunningApp")]
public sealed class ElectionResourceTests(RunningApp app) : IDisposable
{
    private readonly CancellationTokenSource _timeout = new(TestApplication.Patience, TimeProvider.System);

    private ResourceNotificationService Notifications => app.Application.ResourceNotifications;

    public static TheoryData<string> Elections => ["file-demo", "redis-demo", "etcd-demo", "zookeeper-demo", "raft-demo"];

    public void Dispose() => _timeout.Dispose();

    [Theory]
    [MemberData(nameof(Elections))]
    public async Task Row_NamesTheLeaderAndTheCandidates(string election)
    {
        var workers = await ReplicasAsync(election);
        var row = await RowAsync(election, e => e.Snapshot.GetLeader() is not null && Candidates(e.Snapshot).Length == RunningApp.Replicas);

        var (leader, token) = row.GetLeader()!.Value;
        Assert.Contains(leader, workers);
        Assert.True(token > 0);
        Assert.Equal(workers.Order(), Candidates(row));
        // The members of raft are resources of their own, known by their names.
        var name = election == "raft-demo" ? leader[..^9] : leader[^8..];
        Assert.Equal($"{name} leads, fencing token {token}", row.Properties.Single(property => property.Name == "resource.source").Value);
        Assert.Equal(new ResourceStateSnapshot(KnownResourceStates.Running, KnownResourceStateStyles.Success), row.State);
        await Notifications.WaitForResourceHealthyAsync(election, _timeout.Token);
    }

    [Theory]
    [MemberData(nameof(Elections))]
    public async Task Stop_OfTheLeadersReplica_RowNamesAnother_AndStartMakesItACandidateAgain(string election)
    {
        await ReplicasAsync(election);
        var (leader, token) = await LeaderAsync(election, after: 0);

        await ExecuteAsync(leader, KnownResourceCommands.StopCommand);
        var next = await LeaderAsync(election, after: token);
        Assert.NotEqual(leader, next.Candidate);
        await RowAsync(election, e => !Candidates(e.Snapshot).Contains(leader));

        await ExecuteAsync(leader, KnownResourceCommands.StartCommand);
        await RowAsync(election, e => Candidates(e.Snapshot).Contains(leader));
    }

    [Theory]
    [MemberData(nameof(Elections))]
    public async Task StepDown_MovesLeadership_AndSaysWhoLeads(string election)
    {
        await ReplicasAsync(election);
        var (leader, token) = await LeaderAsync(election, after: 0);

        // A replica that a test before has started or frozen may not wait in the store yet, and then the same one leads again;
        // once another waits, it takes over.
        Match answer;
        do
        {
            var message = await ExecuteAsync(election, "step-down");
            answer = Regex.Match(message, $@"^{leader} stepped down; (?:({leader}) leads again|(\S+) leads) under token (\d+)\.$");
            Assert.True(answer.Success, message);
            Assert.True(long.Parse(answer.Groups[3].Value) > token, message);
            (_, token) = await LeaderAsync(election, after: token);
        }
        while (answer.Groups[1].Success);

        Assert.NotEqual(leader, answer.Groups[2].Value);
        var next = await LeaderAsync(election, after: token - 1);
        Assert.Equal((answer.Groups[2].Value, answer.Groups[3].Value), (next.Candidate, $"{next.FencingToken}"));
    }

    [Theory]
    [MemberData(nameof(Elections))]
    public async Task FreezeLeader_IsReplaced(string election)
    {
        await ReplicasAsync(election);
        var (leader, _) = await LeaderAsync(election, after: 0);

        var message = await ExecuteAsync(election, "freeze-leader", ("seconds", "9"));

        Assert.Matches($@"^{leader} is frozen for 9 s; \S+ leads under token \d+\.$", message);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("3601")]
    [InlineData("long")]
    public async Task FreezeLeader_ForNoTime_IsRefused_AndChangesNothing(string seconds)
    {
        await ReplicasAsync("file-demo");
        var leader = await LeaderAsync("file-demo", after: 0);

        var result = await RunAsync("file-demo", "freeze-leader", ("seconds", seconds));

        Assert.False(result.Success);
        Assert.Equal(leader, await LeaderAsync("file-demo", after: 0));
    }

    [Fact]
    public async Task Transfer_OnRaft_HandsOverToTheOneThatIsNamed_AndSaysSoAsJson()
    {
        await ReplicasAsync("raft-demo");
        var (leader, token) = await LeaderAsync("raft-demo", after: 0);
        var target = leader.StartsWith("raft-m0", StringComparison.Ordinal) ? "m1" : "m0";

        // A member that an earlier test started again takes a moment to campaign.
        var result = await Eventually.GetAsync(
            () => RunAsync("raft-demo", "transfer", ("to", target)), one => one.Message?.Contains("does not campaign", StringComparison.Ordinal) != true, "the target's campaign");

        Assert.True(result.Success, result.Message);
        Assert.Equal(CommandResultFormat.Json, result.Data?.Format);
        var json = JsonNode.Parse(result.Data!.Value)!;
        Assert.Equal(("raft-demo", leader), ((string?)json["election"], (string?)json["was"]!["candidate"]));
        Assert.StartsWith($"raft-{target}-", (string?)json["next"]!["candidate"], StringComparison.Ordinal);
        Assert.True((long)json["next"]!["fencingToken"]! > token);
        // There is nobody to be named elsewhere.
        Assert.DoesNotContain((await RowAsync("file-demo", _ => true)).Commands, command => command.Name == "transfer");
    }

    [Theory]
    [MemberData(nameof(Elections))]
    public async Task CrashLeader_IsReplaced_AndItsReplicaEnds(string election)
    {
        await ReplicasAsync(election);
        var (leader, _) = await LeaderAsync(election, after: 0);

        var message = await ExecuteAsync(election, "crash-leader");

        Assert.Matches($@"^{leader} crashed; \S+ leads under token \d+\.$", message);
        await EndedAsync(leader);
        await ExecuteAsync(leader, KnownResourceCommands.StartCommand);
        await ReplicasAsync(election);
    }

    [Fact]
    public async Task AllStopped_NobodyLeads_IsAWarningAndDisablesTheCommands()
    {
        const string Election = "file-demo";
        var replicas = await ReplicasAsync(Election);
        foreach (var replica in replicas)
            await ExecuteAsync(replica, KnownResourceCommands.StopCommand);

        var row = await RowAsync(Election, e => e.Snapshot.GetLeader() is null && Candidates(e.Snapshot).Length == 0);
        Assert.Equal(new ResourceStateSnapshot("Nobody leads", KnownResourceStateStyles.Warn), row.State);
        Assert.All(row.Commands, command => Assert.Equal(ResourceCommandState.Disabled, command.State));
        var refused = await app.Application.ResourceCommands.ExecuteCommandAsync(Election, "step-down", _timeout.Token);
        Assert.False(refused.Success);

        foreach (var replica in replicas)
            await ExecuteAsync(replica, KnownResourceCommands.StartCommand);
        await LeaderAsync(Election, after: 0);
    }

    private static string[] Candidates(CustomResourceSnapshot row) =>
        (row.Properties.FirstOrDefault(property => property.Name == ElectionProperties.Candidates)?.Value as string ?? "")
            .Split(", ", StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Waits until all replicas campaign: one that runs need not yet, and one that a test before has frozen does so later.</summary>
    private async Task<IReadOnlyCollection<string>> ReplicasAsync(string election)
    {
        var replicas = await app.ReplicasAsync(election, _timeout.Token);
        await RowAsync(election, e => Candidates(e.Snapshot).Order().SequenceEqual(replicas.Order()));
        return replicas;
    }

    private async Task<CustomResourceSnapshot> RowAsync(string election, Func<ResourceEvent, bool> condition) =>
        (await Notifications.WaitForResourceAsync(election, condition, _timeout.Token)).Snapshot;

    private async Task<(string Candidate, long FencingToken)> LeaderAsync(string election, long after) =>
        (await RowAsync(election, e => e.Snapshot.GetLeader() is { } leader && leader.FencingToken > after)).GetLeader()!.Value;

    private async Task EndedAsync(string replica)
    {
        await foreach (var change in Notifications.WatchAsync(_timeout.Token))
        {
            if (change.ResourceId == replica && KnownResourceStates.TerminalStates.Contains(change.Snapshot.State?.Text))
                return;
        }
    }

    private async Task<string> ExecuteAsync(string resource, string command, params (string Name, string Value)[] arguments)
    {
        var result = await RunAsync(resource, command, arguments);
        Assert.True(result.Success, result.Message);
        return result.Message ?? "";
    }

    private Task<ExecuteCommandResult> RunAsync(string resource, string command, params (string Name, string Value)[] arguments) => arguments is []
        ? app.Application.ResourceCommands.ExecuteCommandAsync(resource, command, _timeout.Token)
        : app.Application.ResourceCommands.ExecuteCommandAsync(
            resource,
            command,
            new InteractionInputCollection([.. arguments.Select(argument => new InteractionInput { Name = argument.Name, Value = argument.Value, InputType = InputType.Text })]),
            _timeout.Token);
}
