using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.AppHost.Board;
using LeaderElection.Tests.Processes;
using Microsoft.Extensions.DependencyInjection;

namespace LeaderElection.Tests.App;

/// <summary>The operator, on an application of its own and a stub of the board.</summary>
[Collection("App")]
public sealed class BoardOperatorTests : IDisposable
{
    private readonly CancellationTokenSource _timeout = new(TestApplication.Patience, TimeProvider.System);

    private readonly TemporaryFolder _data = new();

    public void Dispose()
    {
        _timeout.Dispose();
        _data.Dispose();
    }

    [Fact]
    public async Task Operations_AreCarriedOutOnReplicasOnly_AndAnswered()
    {
        await using var board = await BoardStub.StartAsync();
        var access = new BoardAccess(() => board.Address, isOperator: true);
        // A board that does not know the operator yet is asked again.
        board.OperatorKey = "another";
        var builder = TestApplication.CreateBuilder();
        var election = builder.AddElection("demo");
        builder.AddFileWorker("worker", _data.Path).WithReplicas(2).WithParentRelationship(election);
        builder.AddFileWorker("other", _data.Path);
        builder.Services.AddSingleton(access);
        builder.Services.AddSingleton<BoardOperator>();
        builder.Services.AddHostedService(services => services.GetRequiredService<BoardOperator>());
        await using var app = builder.Build();
        await app.StartAsync(_timeout.Token);
        var replicas = await app.WaitForReplicasAsync("worker", 2, _timeout.Token);
        var other = (await app.WaitForReplicasAsync("other", 1, _timeout.Token)).Keys.Single();
        var connected = app.Services.GetRequiredService<BoardOperator>().Connected;
        Assert.False(connected.IsCompleted);
        board.OperatorKey = access.OperatorKey;
        await connected.WaitAsync(_timeout.Token);

        var (replica, started) = (replicas.Keys.First(), replicas.Values.First().Snapshot.StartTimeStamp);
        Assert.Null(await board.OperateAsync("stop", replica));
        await StateAsync(app, replica, state => KnownResourceStates.TerminalStates.Contains(state.State?.Text));
        Assert.Null(await board.OperateAsync("start", replica));
        await StateAsync(app, replica, state => state.State?.Text == KnownResourceStates.Running);
        // Started at the moment of its crash, of which the orchestrator may not have heard.
        var crashed = board.OperateAsync("start", replica);
        System.Diagnostics.Process.GetProcessById(ProcessOf(replica)).Kill();
        Assert.Null(await crashed);
        await StateAsync(app, replica, state => state.State?.Text == KnownResourceStates.Running);
        Assert.Null(await board.OperateAsync("restart", replica));
        await StateAsync(app, replica, state => state.State?.Text == KnownResourceStates.Running && state.StartTimeStamp > started);

        Assert.Equal("'worker-nobody' is not a replica of this application", await board.OperateAsync("stop", "worker-nobody"));
        Assert.Equal($"'{other}' is not a replica of this application", await board.OperateAsync("stop", other));
        Assert.Equal("'demo' is not a replica of this application", await board.OperateAsync("stop", "demo"));
        Assert.Equal("'kill' is unknown; allowed are start, stop, restart", await board.OperateAsync("kill", replica));
    }

    /// <summary>The replica itself, also where the orchestrator starts it through another process.</summary>
    private static int ProcessOf(string replica) => Assert.Single(
        ProcessTable.Mentioning($"service.instance.id={replica[(replica.LastIndexOf('-') + 1)..]}"), pid => !ProcessTable.ChildrenOf(pid).Any());

    private async Task StateAsync(DistributedApplication app, string id, Func<CustomResourceSnapshot, bool> condition)
    {
        await foreach (var change in app.ResourceNotifications.WatchAsync(_timeout.Token))
        {
            if (change.ResourceId == id && condition(change.Snapshot))
                return;
        }
    }
}
