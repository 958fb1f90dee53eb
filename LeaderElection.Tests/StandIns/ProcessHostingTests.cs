using System.Globalization;
using System.Net.Http.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace LeaderElection.Tests.StandIns;

[Collection("App")]
public sealed class ProcessHostingTests : IDisposable
{
    private readonly CancellationTokenSource _timeout = new(TestApplication.Patience, TimeProvider.System);

    private CancellationToken Timeout => _timeout.Token;

    public void Dispose() => _timeout.Dispose();

    [Fact]
    public async Task WithReplicas_OneAddress_SpreadsConnectionsOverAll()
    {
        var builder = TestApplication.CreateBuilder();
        builder.AddEcho("echo").WithReplicas(3);
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        await app.WaitForReplicasAsync("echo", 3, Timeout);

        using var client = new HttpClient { BaseAddress = app.GetEndpoint("echo", "http") };
        var processes = new HashSet<string>();
        while (processes.Count < 3)
            processes.Add(await client.GetStringAsync("/", Timeout));

        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task Container_OnStandIn_FailsInOneLine_AndTheRestRuns()
    {
        if (!StandIn.IsUsed)
            return;

        var builder = TestApplication.CreateBuilder();
        var redis = builder.AddRedis("redis").WithDataVolume();
        var container = builder.AddContainer("container", "image", "1.0").WithEndpoint(targetPort: 80, name: "tcp");
        builder.AddEcho("waiting").WaitFor(container).WithReference(redis);
        builder.AddEcho("echo");
        await using var app = builder.Build();
        await app.StartAsync(Timeout);

        await app.ResourceNotifications.WaitForResourceHealthyAsync("echo", Timeout);
        foreach (var name in new[] { "redis", "container" })
        {
            var failed = await app.ResourceNotifications.WaitForResourceAsync(name, e => e.Snapshot.State?.Text == KnownResourceStates.FailedToStart, Timeout);
            Assert.Equal("Container", failed.Snapshot.ResourceType);
            var line = Assert.IsType<string>(Assert.Single(failed.Snapshot.Properties).Value);
            Assert.Contains("runs processes only", line, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', line);
        }
        await app.ResourceNotifications.WaitForResourceAsync("waiting", KnownResourceStates.FailedToStart, Timeout);
        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task Project_HasEnvironmentOfItsOwnAndOfItsReferences()
    {
        var builder = TestApplication.CreateBuilder();
        var board = builder.AddEcho("board");
        builder.AddEcho("echo").WithReference(board).WaitFor(board)
            .WithEnvironment("PLAIN", "a b")
            .WithEnvironment("MIXED", $"at {board.GetEndpoint("http")}!")
            .WithEnvironment("CALLED", board.GetEndpoint("http"));
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        var replica = (await app.WaitForReplicasAsync("echo", 1, Timeout)).Keys.Single();

        using var client = new HttpClient { BaseAddress = app.GetEndpoint("echo", "http") };
        var environment = (await client.GetFromJsonAsync<Dictionary<string, string>>("/environment", Timeout))!;

        var boardUrl = app.GetEndpoint("board", "http").ToString().TrimEnd('/');
        Assert.Matches("^echo-[a-z]{8}$", replica);
        Assert.Equal("echo", environment["OTEL_SERVICE_NAME"]);
        Assert.Equal("service.instance.id=" + replica["echo-".Length..], environment["OTEL_RESOURCE_ATTRIBUTES"]);
        Assert.StartsWith("http://localhost:", environment["ASPNETCORE_URLS"], StringComparison.Ordinal);
        Assert.NotEqual(client.BaseAddress!.Port, new Uri(environment["ASPNETCORE_URLS"]).Port);
        Assert.Equal(boardUrl, environment["services__board__http__0"]);
        Assert.Equal(boardUrl, environment["BOARD_HTTP"]);
        Assert.Equal("a b", environment["PLAIN"]);
        Assert.Equal($"at {boardUrl}!", environment["MIXED"]);
        Assert.Equal(boardUrl, environment["CALLED"]);
        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task StopThenStart_OneReplica_KeepsItsIdAndLeavesTheOthers()
    {
        var builder = TestApplication.CreateBuilder();
        builder.AddEcho("echo").WithReplicas(2);
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        var before = await app.WaitForReplicasAsync("echo", 2, Timeout);
        var (id, other) = (before.Keys.First(), before.Keys.Last());

        var stopped = await app.ResourceCommands.ExecuteCommandAsync(id, KnownResourceCommands.StopCommand, Timeout);
        await app.ResourceNotifications.WaitForResourceAsync("echo", e => e.ResourceId == id && KnownResourceStates.TerminalStates.Contains(e.Snapshot.State?.Text), Timeout);
        var started = await app.ResourceCommands.ExecuteCommandAsync(id, KnownResourceCommands.StartCommand, Timeout);
        var after = await app.WaitForReplicasAsync("echo", 2, Timeout);

        Assert.True(stopped.Success, stopped.Message);
        Assert.True(started.Success, started.Message);
        Assert.Equal(before.Keys.Order(), after.Keys.Order());
        Assert.NotEqual(ProcessId(before[id]), ProcessId(after[id]));
        Assert.Equal(ProcessId(before[other]), ProcessId(after[other]));
        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task ExecuteCommand_UnknownResource_Fails()
    {
        await using var app = TestApplication.CreateBuilder().Build();
        await app.StartAsync(Timeout);

        var result = await app.ResourceCommands.ExecuteCommandAsync("nobody", KnownResourceCommands.StopCommand, Timeout);

        Assert.False(result.Success);
        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task WaitFor_SickDependency_StartsOnceItIsWell()
    {
        var builder = TestApplication.CreateBuilder();
        var store = builder.AddEcho("store").WithEnvironment("ECHO_SICK", "1");
        builder.AddEcho("echo").WaitFor(store);
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        await app.ResourceNotifications.WaitForResourceAsync("echo", KnownResourceStates.Waiting, Timeout);
        await app.ResourceNotifications.WaitForResourceAsync("store", e => e.Snapshot.HealthReports.Any(report => report.Description?.Contains("503", StringComparison.Ordinal) == true), Timeout);
        Assert.True(app.ResourceNotifications.TryGetCurrentState("echo", out var waiting));
        Assert.Equal(KnownResourceStates.Waiting, waiting.Snapshot.State?.Text);

        using var client = new HttpClient { BaseAddress = app.GetEndpoint("store", "http") };
        using var healed = await client.PostAsync("/heal", null, Timeout);

        await app.ResourceNotifications.WaitForResourceHealthyAsync("echo", Timeout);
        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task WaitForCompletion_WrongExitCode_FailsToStart()
    {
        var builder = TestApplication.CreateBuilder();
        var setup = builder.AddExecutable("setup", "/bin/sh", ".", "-c", "exit 3");
        builder.AddExecutable("after", "/bin/sh", ".", "-c", "true").WaitForCompletion(setup);
        await using var app = builder.Build();
        await app.StartAsync(Timeout);

        await app.ResourceNotifications.WaitForResourceAsync("after", KnownResourceStates.FailedToStart, Timeout);
        var ended = await app.ResourceNotifications.WaitForResourceAsync("setup", e => e.Snapshot.ExitCode is not null, Timeout);

        Assert.Equal(3, ended.Snapshot.ExitCode);
        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task Executable_CommandMissing_FailsToStart()
    {
        var builder = TestApplication.CreateBuilder();
        builder.AddExecutable("nothing", "/does/not/exist", ".");
        await using var app = builder.Build();
        await app.StartAsync(Timeout);

        await app.ResourceNotifications.WaitForResourceAsync("nothing", KnownResourceStates.FailedToStart, Timeout);
        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task ConsoleLogs_OfBothStreams_AreWatched()
    {
        var builder = TestApplication.CreateBuilder();
        builder.AddExecutable("talker", "/bin/sh", ".", "-c", "echo out; echo err >&2; sleep 600");
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        var talker = await app.ResourceNotifications.WaitForResourceAsync("talker", e => e.Snapshot.State?.Text == KnownResourceStates.Running, Timeout);

        var logs = (ResourceLoggerService)app.Services.GetService(typeof(ResourceLoggerService))!;
        var seen = new List<LogLine>();
        await foreach (var batch in logs.WatchAsync(talker.ResourceId).WithCancellation(Timeout))
        {
            seen.AddRange(batch);
            if (seen.Count >= 2)
                break;
        }

        Assert.Contains(seen, line => line.Content.EndsWith(" out", StringComparison.Ordinal) && !line.IsErrorMessage);
        Assert.Contains(seen, line => line.Content.EndsWith(" err", StringComparison.Ordinal) && line.IsErrorMessage);
        await app.StopAsync(Timeout);
    }

    private static int ProcessId(ResourceEvent e) =>
        Convert.ToInt32(e.Snapshot.Properties.Single(property => property.Name == "executable.pid").Value, CultureInfo.InvariantCulture);
}
