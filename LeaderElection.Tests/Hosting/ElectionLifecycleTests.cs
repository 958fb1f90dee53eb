using System.Collections.Concurrent;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;
using LeaderElection.Tests.App;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LeaderElection.Tests.Hosting;

/// <summary>An election as a resource of Aspire: started, waited for, ready.</summary>
[Collection("App")]
public sealed class ElectionLifecycleTests : IDisposable
{
    private readonly CancellationTokenSource _timeout = new(TestApplication.Patience, TimeProvider.System);

    public void Dispose() => _timeout.Dispose();

    [Fact]
    public async Task Election_IsRunningAndHealthyWhileSomebodyLeads_AndIsWaitedFor()
    {
        var told = new ToldElection();
        var builder = TestApplication.CreateBuilder();
        var store = builder.AddResource(new StoreOfTheTest("store"));
        var election = builder.AddElection("orders").WaitFor(store).ObservedThrough((_, _) => Task.FromResult<IElectionBackend>(told));
        var after = builder.AddExecutable("after", "true", ".").WaitFor(election);
        var events = new ConcurrentQueue<string>();
        builder.Eventing.Subscribe<BeforeResourceStartedEvent>(election.Resource, (_, _) => NoteAsync(events, "before start"));
        builder.Eventing.Subscribe<ResourceReadyEvent>(election.Resource, (_, _) => NoteAsync(events, "ready"));
        await using var app = builder.Build();
        // It has started when all resources have, the one that waits for a leader among them.
        var start = app.StartAsync(_timeout.Token);

        // Nothing is looked for before the store is there.
        await StateAsync(app, "orders", KnownResourceStates.Waiting);
        await app.ResourceNotifications.PublishUpdateAsync(store.Resource, row => row with { State = KnownResourceStates.Running });
        told.Tell(null);
        var row = await StateAsync(app, "orders", "Nobody leads");
        Assert.Null(row.HealthStatus);
        await StateAsync(app, after.Resource.Name, KnownResourceStates.Waiting);

        told.Tell(new LeaderInfo("worker-a", 7, default));
        row = (await app.ResourceNotifications.WaitForResourceHealthyAsync("orders", _timeout.Token)).Snapshot;
        Assert.Equal(KnownResourceStates.Running, row.State?.Text);
        Assert.Equal("worker-a leads, fencing token 7", row.Properties.Single(property => property.Name == "resource.source").Value);
        Assert.Equal((HealthStatus.Healthy, "worker-a leads under fencing token 7."), (row.HealthReports.Single().Status, row.HealthReports.Single().Description));
        await app.ResourceNotifications.WaitForResourceAsync(after.Resource.Name, KnownResourceStates.TerminalStates, _timeout.Token);
        Assert.Equal(["before start", "ready"], events);
        await start;

        told.Tell(null);
        row = await StateAsync(app, "orders", "Nobody leads");
        Assert.Null(row.HealthStatus);
        Assert.Equal(("worker-b", 8L), (await LeaderAsync(app, told, new LeaderInfo("worker-b", 8, default))).GetLeader());
    }

    [Fact]
    public async Task Election_HeldOnNothing_SaysSo()
    {
        var builder = TestApplication.CreateBuilder();
        builder.AddElection("orders");
        await using var app = builder.Build();
        await app.StartAsync(_timeout.Token);

        var row = await StateAsync(app, "orders", "Cannot be observed");

        Assert.Equal(
            "It was not said what 'orders' is held on: On(store), InFolder(folder) or OnRaft(cluster).",
            row.Properties.Single(property => property.Name == "election.trouble").Value);
    }

    private static Task NoteAsync(ConcurrentQueue<string> events, string what)
    {
        events.Enqueue(what);
        return Task.CompletedTask;
    }

    private async Task<CustomResourceSnapshot> LeaderAsync(DistributedApplication app, ToldElection told, LeaderInfo leader)
    {
        told.Tell(leader);
        return await RowAsync(app, "orders", row => row.GetLeader()?.FencingToken == leader.FencingToken && row.HealthStatus == HealthStatus.Healthy);
    }

    private Task<CustomResourceSnapshot> StateAsync(DistributedApplication app, string resource, string state) =>
        RowAsync(app, resource, row => row.State?.Text == state);

    private async Task<CustomResourceSnapshot> RowAsync(DistributedApplication app, string resource, Func<CustomResourceSnapshot, bool> condition) =>
        (await app.ResourceNotifications.WaitForResourceAsync(resource, e => condition(e.Snapshot), _timeout.Token)).Snapshot;

    private sealed class StoreOfTheTest(string name) : Resource(name);
}
