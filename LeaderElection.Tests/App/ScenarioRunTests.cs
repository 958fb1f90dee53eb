using Aspire.Hosting;
using LeaderElection.AppHost;
using LeaderElection.AppHost.Board;
using LeaderElection.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace LeaderElection.Tests.App;

/// <summary>The run of a scenario, on an application without replicas and a stub of the board.</summary>
[Collection("App")]
public sealed class ScenarioRunTests
{
    private const string OfAll = """[{"name":"leader-failure","title":"","description":"","strategies":null},{"name":"partition","title":"","description":"","strategies":null}]""";
    private const string OfFile = """[{"name":"partition","title":"","description":"","strategies":["file"]}]""";

    [Theory]
    [InlineData(OfAll, "one line\nPASSED\n", true, "partition raft demo")]
    [InlineData(OfAll, "PASSED\nFAILED: the end counts\n", false, "partition raft demo")]
    [InlineData(OfAll, "", false, "partition raft demo")]
    [InlineData(OfFile, "PASSED\n", false, null)]
    [InlineData("[]", "PASSED\n", false, null)]
    public async Task Run_OnEachElectionThatItIsFor_EndsTheApplication(string scenarios, string log, bool passed, string? run)
    {
        using var timeout = new CancellationTokenSource(TestApplication.Patience, TimeProvider.System);
        const string Elections = """[{"name":"demo","strategy":"raft","leader":{"candidate":"a","fencingToken":3},"candidates":[]}]""";
        await using var board = await BoardStub.StartAsync();
        (board.Elections, board.Scenarios, board.Log) = (Elections, scenarios, log);
        var access = new BoardAccess(() => board.Address, isOperator: true);
        board.OperatorKey = access.OperatorKey;
        var builder = TestApplication.CreateBuilder();
        var told = new ToldElection();
        told.Tell(new LeaderInfo("a", 3, default));
        builder.AddElection("demo").ObservedThrough((_, _) => Task.FromResult<IElectionBackend>(told));
        builder.Services.AddSingleton(access).AddSingleton(new AppHostOptions { Scenario = "partition" }).AddSingleton<BoardOperator>().AddSingleton<ScenarioRun>();
        builder.Services.AddHostedService(services => services.GetRequiredService<BoardOperator>());
        builder.Services.AddHostedService(services => services.GetRequiredService<ScenarioRun>());

        await using var app = builder.Build();
        var scenario = app.Services.GetRequiredService<ScenarioRun>();
        await app.RunAsync(timeout.Token);

        Assert.False(timeout.IsCancellationRequested);
        Assert.Equal(passed, scenario.Passed);
        Assert.Equal(run is null ? [] : [run], board.Runs);
    }
}
