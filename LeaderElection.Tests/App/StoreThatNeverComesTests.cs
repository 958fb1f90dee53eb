using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.AppHost;
using LeaderElection.AppHost.Board;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace LeaderElection.Tests.App;

/// <summary>A store that never answers, and a worker that waits for it: the orchestrator's start does not end.</summary>
[Collection("App")]
public sealed class StoreThatNeverComesTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(500);

    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _timeout = new(TestApplication.Patience, TimeProvider.System);

    public void Dispose()
    {
        _timeout.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task StartReport_SaysWhatIsMissing()
    {
        var builder = Build();
        builder.Services.AddEarlyHostedService<StartReport>();
        await using var app = builder.Build();
        var output = new LineWriter();
        var report = app.Services.GetRequiredService<StartReport>();
        (report.Limit, report.Output) = (Limit, output);

        var start = app.StartAsync(_timeout.Token);
        var text = await output.Written.WaitAsync(_timeout.Token);

        Assert.False(start.IsCompleted);
        Assert.Contains("demo           has no leader yet", text, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^  etcd           is not up: .+; its log is in the dashboard\r?$", text);
        await _timeout.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start);
    }

    [Fact]
    public async Task Scenario_Fails_AndEndsTheApplication()
    {
        var builder = Build();
        var access = new BoardAccess(() => null, isOperator: true);
        builder.Services.AddSingleton(access).AddSingleton(new AppHostOptions { Scenario = "partition" });
        builder.Services.AddEarlyHostedService<BoardOperator>();
        builder.Services.AddEarlyHostedService<ScenarioRun>();
        await using var app = builder.Build();
        var scenario = app.Services.GetRequiredService<ScenarioRun>();
        scenario.StartLimit = Limit;

        await app.RunAsync(_timeout.Token);

        Assert.False(_timeout.IsCancellationRequested);
        Assert.False(scenario.Passed);
    }

    private IDistributedApplicationBuilder Build()
    {
        var builder = TestApplication.CreateBuilder();
        // It runs, and listens nowhere.
        var store = builder.AddResource(new NativeEtcdResource("etcd", "sleep", _folder.Path))
            .WithArgs("1000")
            .WithHttpEndpoint(port: FreePort.Next(), isProxied: false)
            .WithHttpHealthCheck("/health");
        builder.AddExecutable("worker", "sleep", _folder.Path, "1000").WaitFor(store);
        builder.AddElection("demo").ObservedThrough((_, _) => Task.FromException<IElectionBackend>(new ElectionStoreException("there is none", isTransient: true)));
        return builder;
    }

    private sealed class LineWriter : StringWriter
    {
        private readonly TaskCompletionSource<string> _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Written => _written.Task;

        public override void WriteLine(string? value) => _written.TrySetResult(value ?? "");
    }
}
